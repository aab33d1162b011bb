import Glibc
import StreamtopBase

/// The clocks. With the pacing of replays and the analysis thread these are the only readers of time in the program.
enum Clocks {
    /// Time of day, as live captures are stamped.
    static var wall: Timestamp {
        var now = timespec()
        _ = unsafe clock_gettime(CLOCK_REALTIME, &now)
        return Timestamp(seconds: Int64(now.tv_sec), nanoseconds: Int64(now.tv_nsec))
    }

    /// A clock that only goes forward; its origin means nothing.
    static var monotonic: Nanoseconds {
        var now = timespec()
        _ = unsafe clock_gettime(CLOCK_MONOTONIC, &now)
        return Timestamp(seconds: Int64(now.tv_sec), nanoseconds: Int64(now.tv_nsec)).nanoseconds
    }

    /// Seconds to add to UTC for local times of day, now.
    static var utcOffsetSeconds: Int {
        var seconds = time(nil)
        var local = unsafe tm()
        return unsafe localtime_r(&seconds, &local) == nil ? 0 : unsafe local.tm_gmtoff
    }
}
