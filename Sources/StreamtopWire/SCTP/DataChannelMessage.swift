/// Data channel establishment (RFC 8832 section 5): DATA_CHANNEL_OPEN
///
///     type(1)=3 channel type(1) priority(2) reliability(4) label length(2) protocol length(2) label protocol
///
/// and DATA_CHANNEL_ACK, one byte 2. They travel with payload protocol 50.
package enum DataChannelMessage: Equatable, Sendable {
    case open(Open)
    case acknowledge
    /// Another message type.
    case other(UInt8)

    package struct Open: Equatable, Sendable {
        package var isOrdered: Bool
        package var reliability: Reliability
        package var priority: UInt16
        package var label: String
        package var subprotocol: String
    }

    package enum Reliability: Equatable, Sendable {
        case reliable
        case retransmissions(UInt32)
        /// Milliseconds.
        case lifetime(UInt32)
    }

    /// Payload protocol identifiers (RFC 8831 section 8).
    package static var establishment: UInt32 { 50 }
    package static var string: UInt32 { 51 }
    package static var binary: UInt32 { 53 }
    package static var emptyString: UInt32 { 56 }
    package static var emptyBinary: UInt32 { 57 }

    /// Labels longer than this are cut.
    package static var labelLimit: Int { 256 }

    @_lifetime(reader: copy reader)
    package init(decoding reader: inout ByteReader) throws(DecodeError) {
        try reader.require(1, in: .sctp)
        let type = reader.uint8()
        guard type == 3 else {
            self = type == 2 ? .acknowledge : .other(type)
            return
        }
        try reader.require(11, in: .sctp)
        let channel = reader.uint8()
        let priority = reader.uint16()
        let parameter = reader.uint32()
        let labelLength = Int(reader.uint16())
        let protocolLength = Int(reader.uint16())
        try reader.require(labelLength + protocolLength, in: .sctp)
        let reliability: Reliability
        switch channel & 0x7f {
        case 0: reliability = .reliable
        case 1: reliability = .retransmissions(parameter)
        case 2: reliability = .lifetime(parameter)
        default: throw reader.unsupported(.sctp, UInt32(channel))
        }
        var label = reader.reader(of: labelLength)
        var name = reader.reader(of: protocolLength)
        self = .open(
            Open(
                isOrdered: channel & 0x80 == 0, reliability: reliability, priority: priority,
                label: String(decoding: label.copy(min(labelLength, Self.labelLimit)), as: UTF8.self),
                subprotocol: String(decoding: name.copy(min(protocolLength, Self.labelLimit)), as: UTF8.self)))
    }
}
