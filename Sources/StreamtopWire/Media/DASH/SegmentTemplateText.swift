/// A `@media` or `@initialization` of a SegmentTemplate (ISO/IEC 23009-1 section 5.3.9.4.4), with what is fixed filled in.
package struct SegmentTemplateText: Equatable, Sendable {
    package enum Part: Equatable, Sendable {
        case text(String)
        /// At least `width` digits.
        case number(width: Int)
        case time(width: Int)
        case subNumber(width: Int)
    }

    /// Parts kept; real templates have three to five.
    static var partCapacity: Int { 16 }

    package var parts: [Part] = []

    /// nil where an identifier is not closed or not known.
    package init?(_ template: String, representation: String, bandwidth: UInt64?) {
        var text = ""
        var isIdentifier = false
        for piece in template.split(separator: "$", omittingEmptySubsequences: false) {
            defer { isIdentifier.toggle() }
            guard isIdentifier else {
                text += piece
                continue
            }
            let (name, width) = Self.identifier(piece)
            switch name {
            case "": text += "$"
            case "RepresentationID": text += representation
            case "Bandwidth": text += Self.padded(bandwidth ?? 0, width)
            case "Number", "Time", "SubNumber":
                if !text.isEmpty { parts.append(.text(text)) }
                text = ""
                parts.append(
                    name == "Number"
                        ? .number(width: width) : name == "Time" ? .time(width: width) : .subNumber(width: width))
            default: return nil
            }
        }
        if !text.isEmpty { parts.append(.text(text)) }
        // The pieces of a closed template are odd in number: the last toggle leaves an identifier next.
        guard isIdentifier, parts.count <= Self.partCapacity else { return nil }
    }

    /// `Name` or `Name%0[width]d`.
    private static func identifier(_ text: Substring) -> (name: String, width: Int) {
        guard let percent = text.firstIndex(of: "%") else { return (String(text), 1) }
        let format = text[text.index(after: percent)...].filter(\.isNumber)
        return (String(text[..<percent]), min(20, max(1, Int(format) ?? 1)))
    }

    private static func padded(_ value: UInt64, _ width: Int) -> String {
        let digits = String(value)
        return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }

    /// The URL of one segment.
    package func text(number: UInt64?, time: UInt64?) -> String {
        var result = ""
        for part in parts {
            switch part {
            case .text(let text): result += text
            case .number(let width): result += Self.padded(number ?? 0, width)
            case .time(let width): result += Self.padded(time ?? 0, width)
            case .subNumber(let width): result += Self.padded(1, width)
            }
        }
        return result
    }

    /// What stands in for the identifiers where `path` is one of the template's, seen from `base`; nil where it is not.
    func match(_ path: [UInt8], from base: URLReference) -> (number: UInt64?, time: UInt64?)? {
        var rest = path[...]
        var parts = parts[...]
        var first = ""
        if case .text(let text)? = parts.first {
            first = text
            parts.removeFirst()
        }
        // A reference of a letter, taken off again, gives the folder of the base.
        let prefix =
            first.isEmpty
            ? String(base.resolving(URLReference("x")).path.dropLast()) : base.resolving(URLReference(first)).path
        guard Self.take(prefix, &rest) else { return nil }
        var number: UInt64?
        var time: UInt64?
        for part in parts {
            switch part {
            case .text(let text): guard Self.take(text, &rest) else { return nil }
            case .number(let width):
                guard let value = Self.digits(&rest, width), number ?? value == value else { return nil }
                number = value
            case .time(let width):
                guard let value = Self.digits(&rest, width), time ?? value == value else { return nil }
                time = value
            case .subNumber(let width): guard Self.digits(&rest, width) != nil else { return nil }
            }
        }
        return rest.isEmpty ? (number, time) : nil
    }

    private static func take(_ text: String, _ rest: inout ArraySlice<UInt8>) -> Bool {
        let bytes = text.utf8
        guard rest.count >= bytes.count, rest.starts(with: bytes) else { return false }
        rest.removeFirst(bytes.count)
        return true
    }

    private static func digits(_ rest: inout ArraySlice<UInt8>, _ width: Int) -> UInt64? {
        var value: UInt64 = 0
        var count = 0
        while let byte = rest.first, (0x30...0x39).contains(byte) {
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, more) = product.addingReportingOverflow(UInt64(byte - 0x30))
            guard !overflow, !more else { return nil }
            value = sum
            count += 1
            rest.removeFirst()
        }
        return count >= width ? value : nil
    }
}
