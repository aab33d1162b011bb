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

    /// Takes over the first 16 bytes of a header; of options there are none yet.
    @inline(__always)
    mutating func fill(_ first: UInt64, _ second: UInt64) {
        sourcePort = UInt16(truncatingIfNeeded: first >> 48)
        destinationPort = UInt16(truncatingIfNeeded: first >> 32)
        sequence = UInt32(truncatingIfNeeded: first)
        acknowledgment = UInt32(truncatingIfNeeded: second >> 32)
        flags = TCPFlags(rawValue: UInt16(truncatingIfNeeded: second >> 16) & 0x1ff)
        window = UInt16(truncatingIfNeeded: second)
        headerLength = Int(truncatingIfNeeded: second >> 28 & 15) &* 4
        options.reset()
    }
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

/// Tests of single flags as plain bit tests: `contains` of an option set from another room is a generic call, and these
/// run several times for every segment.
extension TCPFlags {
    @inlinable @inline(__always) package var isFin: Bool { rawValue & 0x001 != 0 }
    @inlinable @inline(__always) package var isSyn: Bool { rawValue & 0x002 != 0 }
    @inlinable @inline(__always) package var isRst: Bool { rawValue & 0x004 != 0 }
    @inlinable @inline(__always) package var isAck: Bool { rawValue & 0x010 != 0 }
    @inlinable @inline(__always) package var isEce: Bool { rawValue & 0x040 != 0 }
    @inlinable @inline(__always) package var isCwr: Bool { rawValue & 0x080 != 0 }
    @inlinable @inline(__always) package var isAe: Bool { rawValue & 0x100 != 0 }
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

extension FrameCursor {
    @_lifetime(self: copy self)
    mutating func decodeTCP(into frame: inout DecodedFrame) throws(DecodeError) {
        try require(20, in: .tcp)
        let first = reader.uint64()
        let second = reader.uint64()
        reader.skip(4)
        let headerLength = Int(truncatingIfNeeded: second >> 28 & 15) &* 4
        guard headerLength >= 20 else { throw reader.malformed(.tcp, .lengthBelowHeader) }
        let optionLength = headerLength &- 20  // headerLength >= 20
        guard optionLength <= wireRemaining else { throw reader.malformed(.tcp, .lengthBeyondEnclosure) }

        frame.transport = .tcp
        frame.tcp.fill(first, second)
        frame.sourcePort = frame.tcp.sourcePort
        frame.destinationPort = frame.tcp.destinationPort

        frame.payloadOffset = reader.offset &+ optionLength  // within the enclosure
        frame.payloadCaptured = max(0, reader.remaining &- optionLength)
        frame.payloadLength = wireRemaining &- optionLength  // not negative, by the guard
        guard optionLength > 0 else { return }
        // A capture that cuts the options leaves the segment itself in good order.
        let isCut = reader.remaining < optionLength
        if isCut, frame.stop == nil {
            frame.stop = DecodeError(
                layer: .tcpOption, offset: reader.offset,
                cause: .truncated(needed: optionLength, available: reader.remaining))
        }
        var list = reader.reader(of: optionLength)
        frame.tcp.options.decode(&list, isCut: isCut)
    }
}
