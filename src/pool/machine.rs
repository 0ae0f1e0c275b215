//! How much memory the process may use: the machine's, or its control group's where that is less.

use std::fs;
use std::path::Path;

/// The memory that this process may use, in KiB: the least of what the machine has and what its control groups allow
/// (version 1 or 2, its own and those above it). `None` where the system does not say.
#[must_use]
pub fn memory_limit_kib() -> Option<u64> {
    let machine = fs::read_to_string("/proc/meminfo").ok().and_then(|text| total_kib(&text));
    let groups = fs::read_to_string("/proc/self/cgroup").ok();
    let group = groups.and_then(|text| group_limit(&text, Path::new("/sys/fs/cgroup"))).map(|bytes| bytes / 1024);
    [machine, group].into_iter().flatten().min()
}

fn total_kib(meminfo: &str) -> Option<u64> {
    meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:")?.split_ascii_whitespace().next()?.parse().ok())
}

/// The least limit of the groups that `/proc/self/cgroup` names, in bytes.
fn group_limit(groups: &str, root: &Path) -> Option<u64> {
    let limits = groups.lines().filter_map(|line| {
        let mut parts = line.splitn(3, ':').skip(1);
        let (controllers, path) = (parts.next()?, parts.next()?);
        let (root, file) = match controllers {
            "" => (root.to_owned(), "memory.max"),
            _ if controllers.split(',').any(|name| name == "memory") => (root.join("memory"), "memory.limit_in_bytes"),
            _ => return None,
        };
        let own = root.join(path.trim_start_matches('/'));
        // Within a container the path may be seen from outside, and the container's own group is the root.
        own.ancestors()
            .take_while(|directory| directory.starts_with(&root))
            .filter_map(|directory| fs::read_to_string(directory.join(file)).ok()?.trim().parse::<u64>().ok())
            .min()
    });
    limits.min()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_limit_of_all_groups_above_counts() {
        let root = tempfile::tempdir().expect("a directory");
        let write = |path: &str, text: &str| {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().expect("within")).expect("made");
            fs::write(path, text).expect("written");
        };
        write("memory.max", "max\n");
        write("a/memory.max", "1000000\n");
        write("a/b/memory.max", "max\n");
        assert_eq!(group_limit("0::/a/b\n", root.path()), Some(1_000_000));
        assert_eq!(group_limit("0::/absent\n", root.path()), None);
        write("memory/c/memory.limit_in_bytes", "2048\n");
        assert_eq!(group_limit("4:cpu:/x\n3:cpuacct,memory:/c\n0::/a\n", root.path()), Some(2048));
    }

    #[test]
    fn the_machines_memory_is_read() {
        assert_eq!(total_kib("MemTotal:       24689764 kB\nMemFree: 1 kB\n"), Some(24_689_764));
        assert!(!cfg!(target_os = "linux") || memory_limit_kib().is_some_and(|kib| kib > 1024));
    }
}
