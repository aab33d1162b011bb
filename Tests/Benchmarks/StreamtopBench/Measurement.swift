import Foundation

/// What one run of a command cost.
struct Measurement {
    var cpuSeconds: Double
    var wallSeconds: Double
    var peakMegabytes: Double
    var status: Int32
}

/// Runs a command with its output thrown away and asks the kernel what it cost. The best of `runs` by CPU time: on a
/// shared machine the least disturbed run is the closest to the truth.
func measure(_ command: [String], runs: Int, limitSeconds: Double = 600) -> Measurement? {
    var best: Measurement?
    for _ in 0..<runs {
        guard let run = runOnce(command, limitSeconds: limitSeconds) else { return nil }
        if best.map({ run.cpuSeconds < $0.cpuSeconds }) ?? true { best = run }
    }
    return best
}

private func runOnce(_ command: [String], limitSeconds: Double) -> Measurement? {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    // GNU time is not everywhere; the shell's children are: let the kernel account for exactly one child.
    process.arguments = command
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    let before = childUsage()
    let start = Date()
    guard (try? process.run()) != nil else { return nil }
    let deadline = start.addingTimeInterval(limitSeconds)
    var peak = 0.0
    while process.isRunning {
        peak = max(peak, residentPeak(of: process.processIdentifier))
        if Date() > deadline {
            process.terminate()
            process.waitUntilExit()
            return nil
        }
        usleep(5_000)
    }
    process.waitUntilExit()
    let after = childUsage()
    return Measurement(
        cpuSeconds: after - before, wallSeconds: Date().timeIntervalSince(start), peakMegabytes: peak,
        status: process.terminationStatus)
}

/// User and system time of all children waited for, in seconds.
private func childUsage() -> Double {
    var usage = rusage()
    unsafe getrusage(RUSAGE_CHILDREN.rawValue, &usage)
    func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
    return seconds(usage.ru_utime) + seconds(usage.ru_stime)
}

/// Peak resident set so far (VmHWM), in MB; 0 when the process is gone.
private func residentPeak(of pid: Int32) -> Double {
    guard let status = try? String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8),
        let line = status.split(separator: "\n").first(where: { $0.hasPrefix("VmHWM:") }),
        let kilobytes = line.split(separator: " ").compactMap({ Double($0) }).first
    else { return 0 }
    return kilobytes / 1024
}

/// Whether a program can be found.
func isInstalled(_ name: String) -> Bool {
    let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin"
    return path.split(separator: ":").contains { FileManager.default.isExecutableFile(atPath: "\($0)/\(name)") }
}
