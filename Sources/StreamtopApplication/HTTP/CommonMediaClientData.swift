import StreamtopModel

/// Common Media Client Data, what a player tells the delivery network about itself (CTA-5004): in four request fields, or
/// in the query of the URL. A list of `key=value` with commas between; a key alone is true.
enum CommonMediaClientData {
    static let keyCapacity = 32
    static let valueLimit = 256

    /// Adds what a field's value or a query argument, already without its escapes, holds.
    static func add(_ text: String, to list: inout [HTTPClientDatum]) {
        for part in parts(of: text) where list.count < keyCapacity {
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let key = pair.first.map(trimmed), isKey(key), !list.contains(where: { $0.key == key }) else {
                continue
            }
            list.append(HTTPClientDatum(key: key, value: pair.count == 1 ? .flag(true) : value(trimmed(pair[1]))))
        }
    }

    /// Adds what the `CMCD` argument of a URL's query holds.
    static func add(queryOf path: String, to list: inout [HTTPClientDatum]) {
        guard let mark = path.firstIndex(of: "?") else { return }
        for argument in path[path.index(after: mark)...].split(separator: "&") where argument.hasPrefix("CMCD=") {
            add(unescaped(argument.dropFirst(5)), to: &list)
            return
        }
    }

    /// Splits at commas that are outside quotes.
    private static func parts(of text: String) -> [Substring] { split(text[...], at: ",") }

    /// Splits at a character outside quotes.
    static func split(_ text: Substring, at border: Character) -> [Substring] {
        var isQuoted = false
        var isEscaped = false
        return text.split { character in
            if isEscaped {
                isEscaped = false
            } else if character == "\\" {
                isEscaped = isQuoted
            } else if character == "\"" {
                isQuoted.toggle()
            }
            return character == border && !isQuoted
        }
    }

    static func trimmed(_ text: Substring) -> String {
        var rest = text.drop { $0 == " " }
        while rest.last == " " { rest.removeLast() }
        return String(rest)
    }

    /// Two to a few dozen letters, digits and hyphens: everything else would be noise in the output.
    static func isKey(_ text: String) -> Bool {
        (1...48).contains(text.utf8.count)
            && text.utf8.allSatisfy {
                switch $0 {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
                    true
                default: false
                }
            }
    }

    static func value(_ text: String) -> HTTPClientDatum.Value {
        if text.hasPrefix("("), text.hasSuffix(")") { return .list(members(of: text.dropFirst().dropLast())) }
        return item(text)
    }

    /// An inner list (RFC 8941 section 3.1.1): values with blanks between, each with a parameter that names its kind.
    private static func members(of text: Substring) -> [HTTPClientDatum.Member] {
        split(text, at: " ").prefix(keyCapacity).map { member in
            let parts = split(member, at: ";")
            return HTTPClientDatum.Member(
                value: item(trimmed(parts.first ?? "")), type: parts.dropFirst().first.map { String($0.prefix(48)) })
        }
    }

    private static func item(_ text: String) -> HTTPClientDatum.Value {
        if text.hasPrefix("\""), text.hasSuffix("\""), text.utf8.count >= 2 {
            return .text(String(text.dropFirst().dropLast().filter { $0 != "\\" }.prefix(valueLimit)))
        }
        switch text {
        case "true": return .flag(true)
        case "false": return .flag(false)
        default: break
        }
        if let number = Double(text), number.isFinite, abs(number) < 1e15 { return .number(number) }
        return .text(String(text.prefix(valueLimit)))
    }

    /// Takes percent-encoding off (RFC 3986 section 2.1).
    private static func unescaped(_ text: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = text.utf8
        while let byte = rest.popFirst() {  // each pass takes a byte
            let digits = rest.prefix(2).compactMap { Character(Unicode.Scalar($0)).hexDigitValue }
            if byte == UInt8(ascii: "%"), digits.count == 2 {
                bytes.append(UInt8(digits[0] << 4 | digits[1]))  // two hexadecimal digits
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
