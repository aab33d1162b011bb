import StreamtopBase

/// TCP header (RFC 9293 section 3.1) with the options that the analysis uses.
///
///      0                   1                   2                   3
///      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
///     |          source port          |       destination port        |
///     |                        sequence number                        |
///     |                    acknowledgment number                      |
///     | offset| res |A C E U A P R S F|            window             |
///     |           checksum            |         urgent pointer        |
///     |                    options, padded to 4                       |
package struct TCPHeader: Equatable, Sendable {
    package var sourcePort: UInt16 = 0
    package var destinationPort: UInt16 = 0
    package var sequence: UInt32 = 0
    package var acknowledgment: UInt32 = 0
    package var flags = TCPFlags()
    /// The window field as sent, before scaling.
    package var window: UInt16 = 0
    package var headerLength: Int = 20
    package var options = TCPOptions()

    package init() {}
}

/// The nine TCP flag bits, AE (RFC 9768) included.
package struct TCPFlags: OptionSet, Hashable, Sendable {
    package var rawValue: UInt16
    @inlinable
    package init(rawValue: UInt16) { self.rawValue = rawValue }

    package static let fin = TCPFlags(rawValue: 0x001)
    package static let syn = TCPFlags(rawValue: 0x002)
    package static let rst = TCPFlags(rawValue: 0x004)
    package static let psh = TCPFlags(rawValue: 0x008)
    package static let ack = TCPFlags(rawValue: 0x010)
    package static let urg = TCPFlags(rawValue: 0x020)
    package static let ece = TCPFlags(rawValue: 0x040)
    package static let cwr = TCPFlags(rawValue: 0x080)
    package static let ae = TCPFlags(rawValue: 0x100)
}

/// One SACK block (RFC 2018 section 3): bytes `start` up to, not including, `end` have arrived.
package struct SACKBlock: Equatable, Sendable {
    package var start: UInt32
    package var end: UInt32
    @inlinable
    package init(start: UInt32, end: UInt32) {
        self.start = start
        self.end = end
    }
}

/// TCP options (IANA TCP Option Kind Numbers); absent ones are nil. Fixed size: no allocation.
package struct TCPOptions: Equatable, Sendable {
    /// Kind 2 (RFC 9293 section 3.7.1), bytes.
    package var maximumSegmentSize: UInt16?
    /// Kind 3 (RFC 7323 section 2), the shift count as sent.
    package var windowScale: UInt8?
    /// Kind 4 (RFC 2018 section 2).
    package var sackPermitted = false
    /// Kind 8 (RFC 7323 section 3).
    package var timestampValue: UInt32 = 0
    package var timestampEcho: UInt32 = 0
    package var hasTimestamps = false
    /// Kind 5 (RFC 2018 section 3): up to four blocks, the first `sackCount` are valid.
    package var sackCount: UInt8 = 0
    package var sack0 = SACKBlock(start: 0, end: 0)
    package var sack1 = SACKBlock(start: 0, end: 0)
    package var sack2 = SACKBlock(start: 0, end: 0)
    package var sack3 = SACKBlock(start: 0, end: 0)
    /// Kind 34 (RFC 7413 section 4.1.1): bytes of cookie, 0 for a request.
    package var fastOpenCookieLength: UInt8?
    /// Kind 30 (RFC 8684).
    package var multipath = false
    /// The options did not fit the header length or their own rules; those before the fault are kept.
    package var malformed = false

    package init() {}

    @inlinable
    package func sackBlock(_ index: Int) -> SACKBlock {
        switch index {
        case 0: sack0
        case 1: sack1
        case 2: sack2
        default: sack3
        }
    }
}
