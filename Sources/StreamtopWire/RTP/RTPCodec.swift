/// Codecs whose payloads we read, and those that a static payload type names.
package enum RTPCodec: String, Sendable, CaseIterable {
    case pcmu, pcma, gsm, g723, dvi4, lpc, g722, l16, qcelp, cn, mpa, g728, g729
    case celb = "celb"
    case jpeg, nv, h261, mpv, mp2t, h263
    case h264, h265, vp8, vp9, av1, opus
    case telephoneEvent = "telephone-event"

    /// Codec and clock rate of a static payload type (RFC 3551 section 6, tables 4 and 5); nil for all others. G.722's
    /// clock is 8000 although it samples at 16000 (section 4.5.2).
    package static func assigned(to payloadType: UInt8) -> (codec: RTPCodec, clockRate: Int)? {
        switch payloadType {
        case 0: (.pcmu, 8_000)
        case 3: (.gsm, 8_000)
        case 4: (.g723, 8_000)
        case 5: (.dvi4, 8_000)
        case 6: (.dvi4, 16_000)
        case 7: (.lpc, 8_000)
        case 8: (.pcma, 8_000)
        case 9: (.g722, 8_000)
        case 10, 11: (.l16, 44_100)
        case 12: (.qcelp, 8_000)
        case 13: (.cn, 8_000)
        case 14: (.mpa, 90_000)
        case 15: (.g728, 8_000)
        case 16: (.dvi4, 11_025)
        case 17: (.dvi4, 22_050)
        case 18: (.g729, 8_000)
        case 25: (.celb, 90_000)
        case 26: (.jpeg, 90_000)
        case 28: (.nv, 90_000)
        case 31: (.h261, 90_000)
        case 32: (.mpv, 90_000)
        case 33: (.mp2t, 90_000)
        case 34: (.h263, 90_000)
        default: nil
        }
    }

    package var isVideo: Bool {
        switch self {
        case .celb, .jpeg, .nv, .h261, .mpv, .mp2t, .h263, .h264, .h265, .vp8, .vp9, .av1: true
        default: false
        }
    }

    /// The codec of an `a=rtpmap` encoding name (RFC 8866 section 6.6), any case.
    package init?(encodingName: String) {
        switch encodingName.lowercased() {
        case "pcmu": self = .pcmu
        case "pcma": self = .pcma
        case "g722": self = .g722
        case "h264": self = .h264
        case "h265": self = .h265
        case "vp8": self = .vp8
        case "vp9": self = .vp9
        case "av1": self = .av1
        case "opus": self = .opus
        case "telephone-event": self = .telephoneEvent
        default:
            guard let codec = RTPCodec(rawValue: encodingName.lowercased()) else { return nil }
            self = codec
        }
    }
}
