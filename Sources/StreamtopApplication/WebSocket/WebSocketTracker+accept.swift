import StreamtopBase

extension WebSocketTracker {
    /// What a server answers to a key: base64 of SHA-1 of the key and a constant (RFC 6455 section 4.2.2).
    static func accept(for key: String) -> String {
        let message = Array((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").utf8)
        let words = SHA1.digest(of: message.span)
        var bytes: [UInt8] = []
        for index in 0..<5 {
            for shift in stride(from: UInt32(24), through: 0, by: -8) {
                bytes.append(UInt8(truncatingIfNeeded: words[index] >> shift))
            }
        }
        return base64(bytes)
    }

    /// RFC 4648 section 4.
    private static func base64(_ bytes: [UInt8]) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
        var text = ""
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(bytes.count, start + 3)]
            let word = group.reduce(UInt32(0)) { $0 << 8 | UInt32($1) } << (8 * UInt32(3 - group.count))
            for position in 0..<4 {
                let index = Int(word >> (18 - 6 * UInt32(position)) & 63)
                text.append(position <= group.count ? alphabet[index] : "=")
            }
        }
        return text
    }
}
