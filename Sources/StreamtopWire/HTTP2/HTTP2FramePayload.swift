/// What the payload of a HEADERS or PUSH_PROMISE frame holds besides its part of a header block (RFC 9113 sections 6.2
/// and 6.6): padding, and the fields before the block.
package struct HTTP2FieldFrame: Equatable, Sendable {
    /// Where the block's part lies in the payload.
    package var block: Range<Int>
    /// Of a PUSH_PROMISE: the stream that the response will come on.
    package var promisedStream: UInt32?

    /// Reads the payload of a frame of which `header` is the head.
    @_lifetime(reader: copy reader)
    package init(decoding reader: inout ByteReader, _ header: HTTP2FrameHeader) throws(DecodeError) {
        var padding = 0
        if header.type != .continuation, header.flags.contains(.padded) {
            try reader.require(1, in: .http2)
            padding = Int(reader.uint8())
        }
        if header.type == .headers, header.flags.contains(.priority) {
            try reader.require(5, in: .http2)
            reader.skip(5)
        }
        if header.type == .pushPromise {
            try reader.require(4, in: .http2)
            promisedStream = reader.uint32() & 0x7fff_ffff
        }
        guard padding <= reader.remaining else { throw reader.malformed(.http2, .lengthBeyondEnclosure) }
        block = reader.consumed..<(reader.consumed + reader.remaining - padding)
    }
}

/// A setting of HTTP/2 (RFC 9113 section 6.5.2 and the registry).
package struct HTTP2Setting: Equatable, Sendable {
    package enum Name: UInt16, CaseIterable, Sendable {
        case headerTableSize = 0x1
        case enablePush = 0x2
        case maxConcurrentStreams = 0x3
        case initialWindowSize = 0x4
        case maxFrameSize = 0x5
        case maxHeaderListSize = 0x6
        case enableConnectProtocol = 0x8
        case noRFC7540Priorities = 0x9

        package var text: String {
            switch self {
            case .headerTableSize: "header_table_size"
            case .enablePush: "enable_push"
            case .maxConcurrentStreams: "max_concurrent_streams"
            case .initialWindowSize: "initial_window_size"
            case .maxFrameSize: "max_frame_size"
            case .maxHeaderListSize: "max_header_list_size"
            case .enableConnectProtocol: "enable_connect_protocol"
            case .noRFC7540Priorities: "no_rfc7540_priorities"
            }
        }
    }

    package var identifier: UInt16
    package var value: UInt32

    package init(identifier: UInt16, value: UInt32) {
        self.identifier = identifier
        self.value = value
    }

    /// Bytes of one.
    static var length: Int { 6 }

    package var name: Name? { Name(rawValue: identifier) }

    /// The value is one that the setting may have; any of a setting that nobody here knows (RFC 9113 section 6.5.2, RFC 8441
    /// section 3, RFC 9218 section 2.1).
    package var isAllowed: Bool {
        switch name {
        case .enablePush, .enableConnectProtocol, .noRFC7540Priorities: value <= 1
        case .initialWindowSize: value <= 0x7fff_ffff
        case .maxFrameSize: (16_384...0xff_ffff).contains(value)
        case .headerTableSize, .maxConcurrentStreams, .maxHeaderListSize, nil: true
        }
    }

    /// The payload of a SETTINGS frame, up to 64 settings; a rest that is none is left out.
    package static func list(decoding bytes: RawSpan) -> [HTTP2Setting] {
        var reader = ByteReader(bytes)
        var list: [HTTP2Setting] = []
        while reader.remaining >= length, list.count < 64 {  // each pass takes six bytes
            list.append(HTTP2Setting(identifier: reader.uint16(), value: reader.uint32()))
        }
        return list
    }
}

/// Error codes of RST_STREAM and GOAWAY (RFC 9113 section 7).
package enum HTTP2ErrorCode {
    private static let names = [
        "NO_ERROR", "PROTOCOL_ERROR", "INTERNAL_ERROR", "FLOW_CONTROL_ERROR", "SETTINGS_TIMEOUT", "STREAM_CLOSED",
        "FRAME_SIZE_ERROR", "REFUSED_STREAM", "CANCEL", "COMPRESSION_ERROR", "CONNECT_ERROR", "ENHANCE_YOUR_CALM",
        "INADEQUATE_SECURITY", "HTTP_1_1_REQUIRED",
    ]

    package static let cancel: UInt64 = 0x8

    package static func name(of code: UInt64) -> String? { code < UInt64(names.count) ? names[Int(code)] : nil }
}
