//! The service over a real port: what each route answers, and what nobody may find out or break.
#![cfg(all(feature = "serve", feature = "sqlite"))]
#![allow(clippy::panic, reason = "a test says what is wrong by it")]

#[path = "serve/api.rs"]
mod api;
#[path = "serve/client.rs"]
mod client;
#[cfg(feature = "cli")]
#[path = "serve/command.rs"]
mod command;
#[path = "serve/deploy.rs"]
mod deploy;
#[path = "serve/hostile.rs"]
mod hostile;
#[cfg(feature = "cli")]
#[path = "serve/instances.rs"]
mod instances;
#[path = "serve/manage.rs"]
mod manage;
#[path = "serve/outside.rs"]
mod outside;
#[path = "serve/overload.rs"]
mod overload;
#[path = "serve/sign_ins.rs"]
mod sign_ins;
#[path = "serve/stores.rs"]
mod stores;
#[path = "serve/tables.rs"]
mod tables;
#[path = "serve/timing.rs"]
mod timing;
#[path = "serve/users.rs"]
mod users;
#[path = "serve/wire.rs"]
mod wire;
