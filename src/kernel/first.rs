//! A processor before others get one.

/// Lets this thread go before all ordinary ones, where the system allows that: Linux, to root and to whom `LimitRTPRIO=1` of systemd
/// does. For a thread that never runs for long; the threads that it starts are ordinary ones. Says whether it was allowed.
#[must_use]
pub fn come_first() -> bool {
    #[cfg(target_os = "linux")]
    {
        // SAFETY: it is a few numbers, of which nought is one.
        let mut parameters: libc::sched_param = unsafe { std::mem::zeroed() };
        parameters.sched_priority = 1;
        // SAFETY: the kernel reads the parameters, which live longer than the call, and nothing else of this process.
        unsafe { libc::sched_setscheduler(0, libc::SCHED_RR | libc::SCHED_RESET_ON_FORK, &raw const parameters) == 0 }
    }
    #[cfg(not(target_os = "linux"))]
    {
        false
    }
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    /// The policy of a thread, as the kernel tells it: 2 is taking turns before ordinary ones, 0 is ordinary.
    fn policy() -> String {
        let stat = std::fs::read_to_string("/proc/thread-self/stat").unwrap_or_default();
        let after = stat.rsplit(')').next().unwrap_or_default().to_owned();
        after.split_whitespace().nth(38).unwrap_or_default().to_owned()
    }

    #[test]
    fn a_thread_comes_first_where_it_may_and_what_it_starts_does_not() {
        let of_it = std::thread::spawn(|| {
            let is_first = super::come_first();
            (is_first, policy(), std::thread::spawn(policy).join())
        });
        let Ok((is_first, its_own, Ok(of_child))) = of_it.join() else { panic!("no panic") };
        assert_eq!((its_own == "2", &*of_child), (is_first, "0"));
    }
}
