import StreamtopWire

/// Frames and header blocks as bytes. Blocks use the static table and literals without Huffman codes (RFC 7541).
enum HTTP2Bytes {
    static let preface = Array(HTTP2FrameDecoder.preface.utf8)

    static func frame(_ type: UInt8, _ flags: UInt8, _ stream: UInt32, _ payload: [UInt8]) -> [UInt8] {
        [UInt8(payload.count >> 16 & 255), UInt8(payload.count >> 8 & 255), UInt8(payload.count & 255), type, flags]
            + word(stream) + payload
    }

    static func word(_ value: UInt32) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * UInt32($0))) }
    }

    /// GET, https, the path, authority `h`.
    static func get(_ path: String, on stream: UInt32, ends: Bool = true) -> [UInt8] {
        frame(
            1, ends ? 5 : 4, stream, [0x82, 0x87, 0x04, UInt8(path.utf8.count)] + Array(path.utf8) + [0x01, 1, 0x68])
    }

    /// 200, or another status of the static table by its index.
    static func answer(_ stream: UInt32, status: UInt8 = 0x88, ends: Bool = false) -> [UInt8] {
        frame(1, ends ? 5 : 4, stream, [status])
    }

    static func data(_ count: Int, on stream: UInt32, ends: Bool = false) -> [UInt8] {
        frame(0, ends ? 1 : 0, stream, [UInt8](repeating: 7, count: count))
    }

    static func settings(_ pairs: [(UInt16, UInt32)] = []) -> [UInt8] {
        frame(4, 0, 0, pairs.flatMap { [UInt8($0.0 >> 8), UInt8($0.0 & 255)] + word($0.1) })
    }

    static let acknowledgment = frame(4, 1, 0, [])

    static func grant(_ bytes: UInt32, on stream: UInt32) -> [UInt8] { frame(8, 0, stream, word(bytes)) }
}
