/// An IPv4 or IPv6 address in fixed inline storage, hashable without allocation.
///
/// IPv6 fills both halves in network order. IPv4 sits in the low 32 bits of `low`, with `isIPv4` set, so that
/// 1.2.3.4 and ::1.2.3.4 stay two addresses.
package struct IPAddress: Hashable, Comparable, Sendable {
    package var high: UInt64
    package var low: UInt64
    package var isIPv4: Bool

    @inlinable
    @inline(__always)
    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
        isIPv4 = false
    }

    /// From the stored form; `high` and the upper half of `low` are 0 for IPv4.
    @inlinable
    @inline(__always)
    init(high: UInt64, low: UInt64, isIPv4: Bool) {
        self.high = high
        self.low = low
        self.isIPv4 = isIPv4
    }

    @inlinable
    @inline(__always)
    package init(v4 bits: UInt32) {
        high = 0
        low = UInt64(bits)
        isIPv4 = true
    }

    @inlinable
    package static var unspecified: IPAddress { IPAddress(v4: 0) }

    @inlinable
    @inline(__always)
    package static func == (left: IPAddress, right: IPAddress) -> Bool {
        left.low == right.low && left.high == right.high && left.isIPv4 == right.isIPv4
    }

    @inlinable
    @inline(__always)
    package static func != (left: IPAddress, right: IPAddress) -> Bool { !(left == right) }

    /// Numeric order of the bytes; IPv4 sorts before IPv6. The order Community ID asks for within one family.
    @inlinable
    @inline(__always)
    package static func < (left: IPAddress, right: IPAddress) -> Bool {
        if left.isIPv4 != right.isIPv4 { return left.isIPv4 }
        return (UInt128(left.high) << 64 | UInt128(left.low)) < (UInt128(right.high) << 64 | UInt128(right.low))
    }

    /// 127.0.0.0/8 or ::1.
    package var isLoopback: Bool {
        isIPv4 ? low >> 24 == 127 : high == 0 && low == 1
    }

    /// 224.0.0.0/4, 255.255.255.255 or ff00::/8.
    package var isMulticast: Bool {
        isIPv4 ? low >> 28 == 14 || low == 0xffff_ffff : high >> 56 == 0xff
    }

    /// Of networks of their own (RFC 1918, RFC 4193).
    package var isPrivate: Bool {
        isIPv4 ? low >> 24 == 10 || low >> 20 == 0xac1 || low >> 16 == 0xc0a8 : high >> 57 == 0x7e
    }

    /// 100.64.0.0/10: between a provider's NAT and its customers (RFC 6598).
    package var isShared: Bool { isIPv4 && low >> 22 == 0x191 }

    /// 169.254.0.0/16 or fe80::/10.
    package var isLinkLocal: Bool {
        isIPv4 ? low >> 16 == 0xa9fe : high >> 54 == 0x3fa
    }

    /// From bytes in network order, 4 or 16 of them; nil for any other count.
    package init?(bytes: [UInt8]) {
        func word(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }
        switch bytes.count {
        case 4: self.init(v4: UInt32(truncatingIfNeeded: word(bytes[...])))
        case 16: self.init(high: word(bytes[..<8]), low: word(bytes[8...]))
        default: return nil
        }
    }

    /// The address bytes in network order, 4 or 16 of them.
    package var bytes: [UInt8] {
        if isIPv4 { return (0..<4).map { UInt8(truncatingIfNeeded: low >> (24 - 8 * UInt64($0))) } }
        return (0..<16).map { index in
            let half = index < 8 ? high : low
            return UInt8(truncatingIfNeeded: half >> (56 - 8 * UInt64(index % 8)))
        }
    }
}
