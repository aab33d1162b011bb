/// Application error codes of HTTP/3 and QPACK (RFC 9114 section 8.1, RFC 9204 section 6).
package enum HTTP3ErrorCode {
    /// The RFC's name, nil for a code it does not have.
    package static func name(of code: UInt64) -> String? {
        switch code {
        case 0x100: "H3_NO_ERROR"
        case 0x101: "H3_GENERAL_PROTOCOL_ERROR"
        case 0x102: "H3_INTERNAL_ERROR"
        case 0x103: "H3_STREAM_CREATION_ERROR"
        case 0x104: "H3_CLOSED_CRITICAL_STREAM"
        case 0x105: "H3_FRAME_UNEXPECTED"
        case 0x106: "H3_FRAME_ERROR"
        case 0x107: "H3_EXCESSIVE_LOAD"
        case 0x108: "H3_ID_ERROR"
        case 0x109: "H3_SETTINGS_ERROR"
        case 0x10a: "H3_MISSING_SETTINGS"
        case 0x10b: "H3_REQUEST_REJECTED"
        case 0x10c: "H3_REQUEST_CANCELLED"
        case 0x10d: "H3_REQUEST_INCOMPLETE"
        case 0x10e: "H3_MESSAGE_ERROR"
        case 0x10f: "H3_CONNECT_ERROR"
        case 0x110: "H3_VERSION_FALLBACK"
        case 0x200: "QPACK_DECOMPRESSION_FAILED"
        case 0x201: "QPACK_ENCODER_STREAM_ERROR"
        case 0x202: "QPACK_DECODER_STREAM_ERROR"
        default: nil
        }
    }
}
