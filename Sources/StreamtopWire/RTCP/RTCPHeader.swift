/// Header of one RTCP packet in a compound one (RFC 3550 section 6.1): V(2)=2 P(1) count(5) | PT(8) | length(16), the
/// length in words less one.
package struct RTCPHeader: Equatable, Sendable, BitwiseCopyable {
    package static var fixedLength: Int { 4 }

    package var hasPadding: Bool
    /// Report count, source count, subtype or feedback format, by type.
    package var count: UInt8
    package var type: RTCPType
    /// Bytes of the packet, header included.
    package var length: Int

    @_lifetime(reader: copy reader)
    package init(decoding reader: inout ByteReader) throws(DecodeError) {
        try reader.require(Self.fixedLength, in: .rtcp)
        let first = reader.uint8()
        guard first >> 6 == 2 else { throw reader.malformed(.rtcp, .wrongVersion) }
        hasPadding = first & 0x20 != 0
        count = first & 0x1f
        type = RTCPType(rawValue: reader.uint8())
        length = (Int(reader.uint16()) + 1) * 4
        // RFC 5761 section 4: RTCP on a shared port uses 192 to 223.
        guard (192...223).contains(type.rawValue) else { throw reader.malformed(.rtcp, .forbiddenValue) }
    }
}

/// RTCP packet types (IANA "RTCP Control Packet Types").
package struct RTCPType: Hashable, Sendable, BitwiseCopyable {
    package var rawValue: UInt8

    package init(rawValue: UInt8) { self.rawValue = rawValue }

    package static let senderReport = RTCPType(rawValue: 200)
    package static let receiverReport = RTCPType(rawValue: 201)
    package static let sourceDescription = RTCPType(rawValue: 202)
    package static let goodbye = RTCPType(rawValue: 203)
    package static let application = RTCPType(rawValue: 204)
    package static let transportFeedback = RTCPType(rawValue: 205)
    package static let payloadFeedback = RTCPType(rawValue: 206)
    package static let extendedReport = RTCPType(rawValue: 207)
}

/// Walks the packets of a compound or reduced-size RTCP packet (RFC 3550 section 6.1, RFC 5506).
package struct RTCPPackets: ~Escapable {
    private var reader: ByteReader
    /// A packet did not fit; those before it were read.
    package private(set) var error: DecodeError?

    @_lifetime(copy bytes)
    package init(_ bytes: RawSpan) { reader = ByteReader(bytes) }

    /// Bytes behind the last packet read.
    package var remaining: Int { reader.remaining }

    /// The next packet's header and, in `body`, its bytes without header and padding; nil at the end and at what is not
    /// RTCP.
    @_lifetime(self: copy self)
    @_lifetime(body: copy self)
    package mutating func next(body: inout ByteReader) -> RTCPHeader? {
        guard reader.remaining > 0 else { return nil }
        var ahead = reader
        do throws(DecodeError) {
            let header = try RTCPHeader(decoding: &ahead)
            let size = header.length - RTCPHeader.fixedLength
            try ahead.require(size, in: .rtcp)
            body = ahead.reader(of: size)
            if header.hasPadding {
                // Only the last packet may be padded; the last byte says by how much.
                let padding = size > 0 ? Int(body.peekUInt8(ahead: size - 1) ?? 0) : 0
                guard padding > 0, padding <= size else { throw ahead.malformed(.rtcp, .lengthBelowHeader) }
                body.narrow(to: size - padding)
            }
            reader = ahead
            return header
        } catch {
            self.error = error
            return nil
        }
    }

    /// All of `bytes` is RTCP packets, to the last byte.
    package static func fill(_ bytes: RawSpan) -> Bool {
        var packets = RTCPPackets(bytes)
        var body = ByteReader(bytes)
        var count = 0
        while packets.next(body: &body) != nil { count += 1 }
        return count > 0 && packets.error == nil && packets.remaining == 0
    }
}
