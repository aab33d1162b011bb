/// A length of time in nanoseconds. Signed, because captures do step backwards.
package typealias Nanoseconds = Int64

/// Capture time: nanoseconds since 1970-01-01 00:00:00 UTC, as the capture recorded it.
///
/// This is the only notion of "now" in the analysis rooms; none of them reads a clock. Stamps come from files, so every
/// value is possible: arithmetic saturates instead of trapping.
package struct Timestamp: BitwiseCopyable, Hashable, Comparable, Sendable {
    package var nanoseconds: Nanoseconds

    @inlinable
    @inline(__always)
    package init(nanoseconds: Nanoseconds) {
        self.nanoseconds = nanoseconds
    }

    /// Builds a stamp from seconds and a fraction in nanoseconds, saturating at the ends of the range.
    @inlinable
    @inline(__always)
    package init(seconds: Int64, nanoseconds fraction: Int64) {
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        guard !overflow else {
            self.nanoseconds = seconds < 0 ? .min : .max
            return
        }
        self.nanoseconds = saturatingAdd(product, fraction)
    }

    @inlinable
    @inline(__always)
    package static func < (left: Timestamp, right: Timestamp) -> Bool {
        left.nanoseconds < right.nanoseconds
    }

    // The derived ones are not inlined into other rooms, and these run several times for every packet.
    @inlinable
    @inline(__always)
    package static func == (left: Timestamp, right: Timestamp) -> Bool { left.nanoseconds == right.nanoseconds }

    @inlinable
    @inline(__always)
    package static func <= (left: Timestamp, right: Timestamp) -> Bool { left.nanoseconds <= right.nanoseconds }

    @inlinable
    package static func > (left: Timestamp, right: Timestamp) -> Bool { left.nanoseconds > right.nanoseconds }

    @inlinable
    package static func >= (left: Timestamp, right: Timestamp) -> Bool { left.nanoseconds >= right.nanoseconds }

    /// Time from `earlier` to `later`, saturating. Negative when the capture stepped backwards.
    @inlinable
    @inline(__always)
    package static func - (later: Timestamp, earlier: Timestamp) -> Nanoseconds {
        let (difference, overflow) = later.nanoseconds.subtractingReportingOverflow(earlier.nanoseconds)
        return overflow ? (later.nanoseconds < earlier.nanoseconds ? .min : .max) : difference
    }

    @inlinable
    package static func + (time: Timestamp, offset: Nanoseconds) -> Timestamp {
        Timestamp(nanoseconds: saturatingAdd(time.nanoseconds, offset))
    }

    @inlinable
    @inline(__always)
    package static func - (time: Timestamp, offset: Nanoseconds) -> Timestamp {
        time + (offset == .min ? .max : -offset)
    }
}

@inlinable
package func saturatingAdd(_ left: Int64, _ right: Int64) -> Int64 {
    let (sum, overflow) = left.addingReportingOverflow(right)
    return overflow ? (right < 0 ? .min : .max) : sum
}

extension Int64 {
    /// The same length of time in milliseconds, the unit people read.
    @inlinable
    package var milliseconds: Double { Double(self) / 1e6 }

    /// The same length of time in seconds.
    @inlinable
    package var seconds: Double { Double(self) / 1e9 }

    /// `count` milliseconds; `count` is a constant of ours, never a wire number.
    @inlinable
    package static func milliseconds(_ count: Int64) -> Int64 { count * 1_000_000 }

    /// `count` seconds; `count` is a constant of ours, never a wire number.
    @inlinable
    package static func seconds(_ count: Int64) -> Int64 { count * 1_000_000_000 }
}
