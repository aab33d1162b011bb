/// The header of an SRT packet (draft-sharabayko-srt section 3): 16 bytes, in the clear whether or not the payload is encrypted.
package struct SRTPacket: Equatable, Sendable {
    package static var headerLength: Int { 16 }

    package enum Content: Equatable, Sendable {
        /// `sequence`: 31 bits. `key`: 0 clear, 1 even, 2 odd.
        case data(sequence: UInt32, key: UInt8, isRetransmitted: Bool)
        case control(type: UInt16, subtype: UInt16, specific: UInt32)
    }

    package enum ControlType {
        package static var handshake: UInt16 { 0 }
        package static var keepAlive: UInt16 { 1 }
        package static var acknowledgment: UInt16 { 2 }
        package static var lossReport: UInt16 { 3 }
        package static var shutdown: UInt16 { 5 }
        package static var acknowledgmentOfAcknowledgment: UInt16 { 6 }
        package static var dropRequest: UInt16 { 7 }
        package static var extensions: UInt16 { 0x7fff }
    }

    package var content: Content
    /// Microseconds since the sender's start; wraps after 71 minutes.
    package var timestamp: UInt32
    package var destination: UInt32

    /// Reads a header; the reader is left at what follows it.
    @_lifetime(reader: copy reader)
    package init(decoding reader: inout ByteReader) throws(DecodeError) {
        try reader.require(Self.headerLength, in: .srt)
        let first = reader.uint32()
        let second = reader.uint32()
        timestamp = reader.uint32()
        destination = reader.uint32()
        if first >> 31 == 0 {
            content = .data(
                sequence: first, key: UInt8(second >> 27 & 3), isRetransmitted: second & 0x400_0000 != 0)
        } else {
            content = .control(
                type: UInt16(first >> 16 & 0x7fff), subtype: UInt16(truncatingIfNeeded: first), specific: second)
        }
    }

    /// Whether a datagram is an acknowledgement in its full form (section 3.2.4): a connection that was joined late shows one
    /// every ten milliseconds. All fields must be plausible, for only the first two bytes are fixed.
    package static func isFullAcknowledgment(_ datagram: RawSpan) -> Bool {
        var reader = ByteReader(datagram)
        guard reader.remaining == headerLength + 28, reader.peekUInt32() == 0x8002_0000,
            let packet = try? SRTPacket(decoding: &reader), packet.destination != 0,
            case .control(_, _, let number) = packet.content, number > 0
        else { return false }
        let acknowledged = reader.uint32()
        let trip = reader.uint32()
        let deviation = reader.uint32()
        let buffer = reader.uint32()
        return acknowledged >> 31 == 0 && (20...10_000_000).contains(trip) && deviation <= 4 * trip
            && (1...1 << 20).contains(buffer)
    }

    /// Whether a datagram can open an SRT connection: a handshake of version 4 or 5 with a plausible MTU and window.
    package static func isHandshake(_ datagram: RawSpan) -> Bool {
        var reader = ByteReader(datagram)
        guard reader.peekUInt32() == 0x8000_0000, let packet = try? SRTPacket(decoding: &reader),
            packet.content == .control(type: 0, subtype: 0, specific: 0),
            let handshake = try? SRTHandshake(decoding: &reader)
        else { return false }
        return (4...5).contains(handshake.version) && (76...65_535).contains(handshake.maximumTransmissionUnit)
            && handshake.flowWindow > 0 && handshake.sequence >> 31 == 0
    }
}

/// A handshake's control information (section 3.2.1) with the extensions that say something of media.
package struct SRTHandshake: Equatable, Sendable {
    package enum Kind {
        package static var induction: UInt32 { 1 }
        package static var conclusion: UInt32 { 0xffff_ffff }
    }

    package var version: UInt32
    /// Advertised cipher: 2, 3, 4 for AES of 128, 192, 256 bits; 0 for none.
    package var encryption: UInt16
    package var sequence: UInt32
    package var maximumTransmissionUnit: UInt32
    package var flowWindow: UInt32
    /// 1000 and more: the reason of a rejection.
    package var kind: UInt32
    package var facts: SRTExtensionFacts

    @_lifetime(reader: copy reader)
    package init(decoding reader: inout ByteReader) throws(DecodeError) {
        try reader.require(48, in: .srt)
        version = reader.uint32()
        encryption = reader.uint16()
        reader.skip(2)
        sequence = reader.uint32()
        maximumTransmissionUnit = reader.uint32()
        flowWindow = reader.uint32()
        kind = reader.uint32()
        reader.skip(4 + 4 + 16)
        facts = SRTExtensionFacts(decoding: &reader)
    }
}

/// What handshake extensions say, in a handshake of version 5 or in control packets of their own (section 3.2.1.1).
package struct SRTExtensionFacts: Equatable, Sendable {
    /// Of the library, as `major << 16 | minor << 8 | patch`.
    package var libraryVersion: UInt32?
    /// Milliseconds: how long the end that says so delays as receiver, and wants its peer to delay.
    package var receiverDelay: UInt16?
    package var senderDelay: UInt16?
    /// It answers: the delays are what both agreed on.
    package var isResponse = false
    package var hasKeys = false
    package var streamID: String?

    package init() {}

    @_lifetime(reader: copy reader)
    package init(decoding reader: inout ByteReader) {
        while reader.remaining >= 4 {  // each pass takes four bytes or more
            let type = reader.uint16()
            var content = reader.reader(of: 4 * Int(reader.uint16()))
            take(type, &content)
        }
    }

    /// One extension: type 1 and 2 the handshake's request and response, 3 and 4 the keys', 5 the stream's name.
    @_lifetime(content: copy content)
    package mutating func take(_ type: UInt16, _ content: inout ByteReader) {
        switch type {
        case 1, 2:
            guard content.remaining >= 12 else { return }
            libraryVersion = content.uint32()
            content.skip(4)
            receiverDelay = content.uint16()
            senderDelay = content.uint16()
            isResponse = type == 2
        case 3, 4: hasKeys = true
        case 5:
            // Words of four bytes, each turned round.
            var bytes: [UInt8] = []
            while content.remaining >= 4, bytes.count < 512 { bytes += content.copy(4).reversed() }
            streamID = String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        default: break
        }
    }
}
