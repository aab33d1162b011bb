/// A QUIC connection ID (RFC 9000 section 5.1): 0 to 20 bytes in fixed inline storage, hashable without allocation.
///
/// The bytes stand left-aligned in `high`, `middle` and `low`; bytes past `length` are zero, so equality is that of the
/// members.
package struct QUICConnectionID: Hashable, Sendable {
    package private(set) var high: UInt64 = 0
    package private(set) var middle: UInt64 = 0
    package private(set) var low: UInt32 = 0
    /// Bytes, at most `maximumLength`.
    package private(set) var length: UInt8 = 0

    /// Longest ID of QUIC versions 1 and 2 (RFC 9000 section 17.2).
    package static let maximumLength = 20

    package init() {}

    /// The first 20 of `bytes`.
    package init(bytes: [UInt8]) {
        for byte in bytes.prefix(Self.maximumLength) { append(byte) }
    }

    package var isEmpty: Bool { length == 0 }

    package var bytes: [UInt8] {
        (0..<Int(length)).map { index in
            switch index {
            case 0..<8: UInt8(truncatingIfNeeded: high >> UInt64(56 - 8 * index))
            case 8..<16: UInt8(truncatingIfNeeded: middle >> UInt64(56 - 8 * (index - 8)))
            default: UInt8(truncatingIfNeeded: low >> UInt32(24 - 8 * (index - 16)))
            }
        }
    }

    /// Adds a byte at the end; one that does not fit is left out.
    package mutating func append(_ byte: UInt8) {
        switch length {
        case 0..<8: high |= UInt64(byte) << (56 - 8 * UInt64(length))
        case 8..<16: middle |= UInt64(byte) << (56 - 8 * UInt64(length - 8))
        case 16..<20: low |= UInt32(byte) << (24 - 8 * UInt32(length - 16))
        default: return
        }
        length += 1
    }
}

extension QUICConnectionID: CustomStringConvertible {
    /// Hexadecimal digits, "" for the empty ID.
    package var description: String { bytes.hexadecimal }
}

extension [UInt8] {
    /// Two lower-case hexadecimal digits a byte.
    package var hexadecimal: String {
        let digits = [UInt8]("0123456789abcdef".utf8)
        var text: [UInt8] = []
        text.reserveCapacity(count * 2)
        for byte in self {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }
}
