/// Common part of a feedback packet (RFC 4585 section 6.1): sender SSRC, media SSRC; the format is the header's count.
package struct RTCPFeedback: Equatable, Sendable, BitwiseCopyable {
    /// What the feedback asks for or says.
    package enum Kind: String, Sendable, BitwiseCopyable, CaseIterable {
        case nack
        case tmmbr, tmmbn
        case ecn
        case transportWide = "transport_cc"
        case congestionControl = "ccfb"
        case pictureLoss = "pli"
        case sliceLoss = "sli"
        case referencePicture = "rpsi"
        case fullIntraRequest = "fir"
        case application = "afb"
        case unknown
    }

    package var kind: Kind
    package var sender: UInt32
    /// 0 in those that name their streams further on.
    package var media: UInt32

    @_lifetime(reader: copy reader)
    package init(_ header: RTCPHeader, decoding reader: inout ByteReader) throws(DecodeError) {
        try reader.require(header.type == .transportFeedback && header.count == 11 ? 4 : 8, in: .rtcp)
        sender = reader.uint32()
        kind = Self.kind(header)
        // RFC 8888 section 3.1 has no media SSRC in front; its report blocks name theirs.
        media = kind == .congestionControl ? 0 : reader.uint32()
    }

    private static func kind(_ header: RTCPHeader) -> Kind {
        if header.type == .transportFeedback {
            switch header.count {
            case 1: .nack
            case 3: .tmmbr
            case 4: .tmmbn
            case 8: .ecn
            case 11: .congestionControl
            case 15: .transportWide
            default: .unknown
            }
        } else {
            switch header.count {
            case 1: .pictureLoss
            case 2: .sliceLoss
            case 3: .referencePicture
            case 4: .fullIntraRequest
            case 15: .application
            default: .unknown
            }
        }
    }
}

/// One entry of a generic NACK (RFC 4585 section 6.2.1): a packet and a mask of the sixteen that follow it.
package struct RTCPNackEntry: Equatable, Sendable, BitwiseCopyable {
    package var first: UInt16
    package var following: UInt16

    package init(first: UInt16, following: UInt16) {
        self.first = first
        self.following = following
    }

    /// nil at the end of the list.
    @_lifetime(reader: copy reader)
    package init?(next reader: inout ByteReader) {
        guard reader.remaining >= 4 else { return nil }
        first = reader.uint16()
        following = reader.uint16()
    }

    package var count: Int { 1 + following.nonzeroBitCount }

    /// Calls `body` for every sequence number asked for.
    package func visit(_ body: (UInt16) -> Void) {
        body(first)
        for bit in UInt16(0)..<16 where following >> bit & 1 == 1 { body(first &+ bit &+ 1) }
    }
}

/// One entry of a full intra request (RFC 5104 section 4.3.1): SSRC, sequence number of the command, reserved.
package struct RTCPIntraRequest: Equatable, Sendable, BitwiseCopyable {
    package var media: UInt32
    package var command: UInt8

    @_lifetime(reader: copy reader)
    package init?(next reader: inout ByteReader) {
        guard reader.remaining >= 8 else { return nil }
        media = reader.uint32()
        command = reader.uint8()
        reader.skip(3)
    }
}

/// Receiver estimated maximum bitrate (draft-alvestrand-rmcat-remb section 2.2): "REMB", count(8), exponent(6) mantissa(18),
/// SSRCs.
package struct RTCPReceiverEstimate: Equatable, Sendable, BitwiseCopyable {
    package var bitsPerSecond: UInt64
    /// Streams that the estimate is for; they follow in the reader.
    package var streams: Int

    /// nil for another application's feedback.
    @_lifetime(reader: copy reader)
    package init?(decoding reader: inout ByteReader) {
        guard reader.remaining >= 8, reader.uint32() == 0x5245_4d42 else { return nil }
        let word = reader.uint32()
        streams = Int(word >> 24)
        let exponent = UInt64(word >> 18 & 0x3f)
        let mantissa = UInt64(word & 0x3_ffff)
        bitsPerSecond = exponent <= 45 ? mantissa << exponent : .max
        guard streams * 4 <= reader.remaining else { return nil }
    }
}
