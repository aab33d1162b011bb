/// The first line of a message (RFC 9112 sections 3 and 4), read from its bytes without the line's end.
enum HTTP1StartLine {
    /// Longer methods are none (the longest registered one has 17 letters).
    static let longestMethod = 32

    /// A request's or a response's line; nil when it is neither.
    static func head(of line: RawSpan) -> HTTP1Head? {
        ByteReader(line).peekUInt8() == UInt8(ascii: "H") ? response(line) ?? request(line) : request(line)
    }

    /// `HTTP/1.1 200 OK`; the reason may be missing, with the space before it.
    private static func response(_ line: RawSpan) -> HTTP1Head? {
        var reader = ByteReader(line)
        guard let minor = version(&reader), reader.uint8() == UInt8(ascii: " ") else { return nil }
        var status = 0
        for _ in 0..<3 {
            let digit = reader.uint8()
            guard (0x30...0x39).contains(digit) else { return nil }
            status = status * 10 + Int(digit - 0x30)
        }
        guard reader.isAtEnd || reader.peekUInt8() == UInt8(ascii: " "), status >= 100 else { return nil }
        return HTTP1Head(.response(status: status), minorVersion: minor)
    }

    /// `GET /path HTTP/1.1`; what stands between the first and the last space is the target, spaces in it included.
    private static func request(_ line: RawSpan) -> HTTP1Head? {
        var reader = ByteReader(line)
        guard let length = methodLength(reader) else { return nil }
        let method = String(decoding: reader.copy(length), as: UTF8.self)
        reader.skip(1)
        let rest = reader.remaining
        guard rest >= 10, reader.peekUInt8(ahead: rest - 9) == UInt8(ascii: " ") else { return nil }
        let target = String(decoding: reader.copy(rest - 9), as: UTF8.self)
        reader.skip(1)
        guard let minor = version(&reader), reader.isAtEnd else { return nil }
        return HTTP1Head(.request(method: method, target: target), minorVersion: minor)
    }

    /// Letters of a method with a space behind it.
    static func methodLength(_ reader: borrowing ByteReader) -> Int? {
        for length in 0...longestMethod {
            guard let byte = reader.peekUInt8(ahead: length) else { return nil }
            if byte == UInt8(ascii: " ") { return length > 0 ? length : nil }
            guard isTokenByte(byte) else { return nil }
        }
        return nil
    }

    /// `HTTP/1.` and a digit.
    @_lifetime(reader: copy reader)
    private static func version(_ reader: inout ByteReader) -> UInt8? {
        guard reader.remaining >= 8, reader.uint32() == 0x4854_5450, reader.uint8() == UInt8(ascii: "/"),
            reader.uint8() == UInt8(ascii: "1"), reader.uint8() == UInt8(ascii: ".")
        else { return nil }
        let digit = reader.uint8()
        return (0x30...0x39).contains(digit) ? digit - 0x30 : nil
    }

    /// RFC 9110 section 5.6.2.
    static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        case UInt8(ascii: "!"), UInt8(ascii: "#"), UInt8(ascii: "$"), UInt8(ascii: "%"), UInt8(ascii: "&"),
            UInt8(ascii: "'"), UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."),
            UInt8(ascii: "^"), UInt8(ascii: "_"), UInt8(ascii: "`"), UInt8(ascii: "|"), UInt8(ascii: "~"):
            true
        default: false
        }
    }
}
