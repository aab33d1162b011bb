import StreamtopBase

/// A time or a length of media: `value` units of 1/`timescale` seconds, as boxes, manifests and packets count it.
package struct MediaTime: Hashable, Sendable {
    package var value: Int64
    /// Units a second. 0 comes from the wire and means that the time cannot be told.
    package var timescale: UInt32

    package init(value: Int64, timescale: UInt32) {
        self.value = value
        self.timescale = timescale
    }

    /// The same in nanoseconds, rounded down and saturating; nil without a timescale.
    package var nanoseconds: Nanoseconds? {
        guard timescale > 0 else { return nil }
        let (whole, rest) = value.quotientAndRemainder(dividingBy: Int64(timescale))
        let (seconds, overflow) = whole.multipliedReportingOverflow(by: 1_000_000_000)
        guard !overflow else { return value < 0 ? .min : .max }
        return saturatingAdd(seconds, rest * 1_000_000_000 / Int64(timescale))  // rest < 2^32: below 2^62
    }

    /// Units as they are on the wire, where 64 bits may hold two's complement (audio that begins before zero).
    package init(bits: UInt64, timescale: UInt32) {
        self.init(value: Int64(bitPattern: bits), timescale: timescale)
    }
}
