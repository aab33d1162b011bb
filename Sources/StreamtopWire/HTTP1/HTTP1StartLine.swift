/// The first line of a message (RFC 9112 sections 3 and 4), read from its bytes without the line's end.
enum HTTP1StartLine {
    /// Longer methods are none (the longest registered one has 17 letters).
    static let methodLimit = 32

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
        guard let first = reader.peekUInt8(), isTokenByte(first), mayHaveSpace(reader) else { return nil }
        var length = 1
        while length <= methodLimit, let byte = reader.peekUInt8(ahead: length) {
            if byte == UInt8(ascii: " ") { return length }
            guard isTokenByte(byte) else { return nil }
            length += 1
        }
        return nil
    }

    /// A space is among the bytes in which a method ends, or these are not all there. Eight bytes at a time: bulk data is full of
    /// letters, and each of its segments may be a beginning.
    static func mayHaveSpace(_ reader: borrowing ByteReader) -> Bool {
        guard let first = reader.peekUInt64(), let second = reader.peekUInt64(ahead: 8),
            let third = reader.peekUInt64(ahead: 16), let fourth = reader.peekUInt64(ahead: 24),
            let fifth = reader.peekUInt64(ahead: 32)
        else { return true }
        return (spaces(first) | spaces(second) | spaces(third) | spaces(fourth) | spaces(fifth))
            & 0x8080_8080_8080_8080 != 0
    }

    /// The highest bit of a byte is set where there is a space, and of no byte before the first.
    @inline(__always)
    private static func spaces(_ word: UInt64) -> UInt64 {
        let difference = word ^ 0x2020_2020_2020_2020
        return (difference &- 0x0101_0101_0101_0101) & ~difference
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

    /// RFC 9110 section 5.6.2: letters, digits and some marks. Looked up in a bit for each character: every stream that might
    /// be HTTP is asked.
    @inline(__always)
    static func isTokenByte(_ byte: UInt8) -> Bool {
        guard byte < 128 else { return false }
        return (byte < 64 ? lowTokens : highTokens) >> UInt64(byte & 63) & 1 == 1
    }

    /// One bit for each of the characters from 0 to 63.
    private static var lowTokens: UInt64 { 0x03ff_6cfa_0000_0000 }
    /// From 64 to 127.
    private static var highTokens: UInt64 { 0x57ff_ffff_c7ff_fffe }
}
