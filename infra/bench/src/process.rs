//! What the system knows of a process: the processor time it took, the memory it held at most.

use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::time::{clock_getcpuclockid, clock_gettime};
use nix::unistd::Pid;

/// Processor time of all its threads, also of those that are gone.
pub fn processor_time(pid: u32) -> Option<Duration> {
    let pid = Pid::from_raw(i32::try_from(pid).ok()?);
    let time = clock_gettime(clock_getcpuclockid(pid).ok()?).ok()?;
    Some(Duration::from(time))
}

/// The most memory it held, in KiB.
pub fn peak_memory(pid: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches("kB").trim().parse().ok()
}

/// A share of one processor, as Lambda gives it by memory: a group of the kernel's with a quota. Lambda gives a
/// function its share anew every 20 ms.
pub struct Share {
    folder: PathBuf,
}

const PERIOD_MICROS: u64 = 20_000;
/// The memory for which Lambda gives one processor.
const MIB_OF_ONE_PROCESSOR: f64 = 1_769.0;

impl Share {
    /// Of a function with so much memory. Needs rights of the system (root); says what is missing.
    pub fn of(memory_mib: u32, name: &str) -> Result<Self, String> {
        let share = (f64::from(memory_mib) / MIB_OF_ONE_PROCESSOR).min(1.0);
        let quota = (share * PERIOD_MICROS as f64) as u64;
        let name = format!("pagatore-bench-{}-{name}", std::process::id());
        let (first, second) = (Path::new("/sys/fs/cgroup/cpu"), Path::new("/sys/fs/cgroup"));
        let version_two = second.join("cgroup.controllers").exists();
        let folder = if version_two { second.join(name) } else { first.join(name) };
        let failed = |what: &str, error: std::io::Error| format!("{what}: {error}");
        std::fs::create_dir_all(&folder).map_err(|e| failed("a group cannot be made", e))?;
        let share = Self { folder };
        let write = |file: &str, value: String| {
            std::fs::write(share.folder.join(file), value)
                .map_err(|e| failed(&format!("no quota can be set ({file})"), e))
        };
        if version_two {
            write("cpu.max", format!("{quota} {PERIOD_MICROS}"))?;
        } else {
            write("cpu.cfs_period_us", PERIOD_MICROS.to_string())?;
            write("cpu.cfs_quota_us", quota.to_string())?;
        }
        Ok(share)
    }

    pub fn take(&self, pid: u32) -> Result<(), String> {
        let file = self.folder.join("cgroup.procs");
        std::fs::write(file, pid.to_string())
            .map_err(|e| format!("a process cannot be put into its group: {e}"))
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        // Only an empty group goes away; one that is left does nothing.
        let _ = std::fs::remove_dir(&self.folder);
    }
}
