import StreamtopWire

/// What a response is, as far as media goes: by its type, by its URL, or by its first bytes where neither says it.
enum MediaBodyKind: Equatable, Sendable {
    /// ISO media files in fragments (CMAF), and init segments.
    case fragments
    case transportStream
    /// FLV without end: live media over one response.
    case flashVideo
    case dash
    case hls
    /// A few bytes that may be a time of day.
    case timeOfDay

    /// By the content type and the URL's path; nil: neither says it.
    init?(type: String?, path: String?) {
        if let type, let kind = Self.kind(ofType: type) {
            self = kind
        } else if let path, let kind = Self.kind(ofPath: path) {
            self = kind
        } else {
            return nil
        }
    }

    /// By the first bytes of the content.
    init?(startingWith bytes: RawSpan) {
        var reader = ByteReader(bytes)
        if MediaBoxScanner.canBegin(bytes) == true {
            self = .fragments
        } else if FLVReader.canBegin(bytes) == true {
            self = .flashVideo
        } else if reader.peekUInt8() == 0x47, bytes.byteCount > 188, reader.peekUInt8(ahead: 188) == 0x47 {
            self = .transportStream
        } else {
            let start = String(decoding: reader.copy(min(bytes.byteCount, 256)), as: UTF8.self)
            if start.hasPrefix("#EXTM3U") {
                self = .hls
            } else if start.contains("<MPD") {
                self = .dash
            } else {
                return nil
            }
        }
    }

    private static func kind(ofType type: String) -> MediaBodyKind? {
        switch type.prefix(while: { $0 != ";" && $0 != " " }).lowercased() {
        case "video/mp4", "audio/mp4", "application/mp4", "video/iso.segment", "audio/iso.segment": .fragments
        case "video/mp2t": .transportStream
        case "video/x-flv", "video/flv": .flashVideo
        case "application/dash+xml": .dash
        case "application/vnd.apple.mpegurl", "application/x-mpegurl", "audio/mpegurl", "audio/x-mpegurl": .hls
        default: nil
        }
    }

    /// By the end of the path; used before a response is there, too.
    static func kind(ofPath path: String) -> MediaBodyKind? {
        let end = path.prefix { $0 != "?" && $0 != "#" }
        guard let dot = end.lastIndex(of: "."), end[dot...].utf8.count <= 6 else { return nil }
        return switch end[dot...].lowercased() {
        case ".m4s", ".mp4", ".m4v", ".m4a", ".cmfv", ".cmfa", ".cmft", ".m4f": .fragments
        case ".ts": .transportStream
        case ".mpd": .dash
        case ".m3u8": .hls
        default: nil
        }
    }
}
