/// A value of AMF 0, as RTMP commands carry it (Adobe "Action Message Format -- AMF 0").
package indirect enum AMFValue: Equatable, Sendable {
    case number(Double)
    case boolean(Bool)
    case string(String)
    case object([String: AMFValue])
    case array([AMFValue])
    case null

    /// Objects inside each other, values in one of them, and bytes of a text that are kept.
    static var deepest: Int { 8 }
    static var memberCapacity: Int { 64 }
    static var textLimit: Int { 1_024 }

    package var text: String? { if case .string(let text) = self { text } else { nil } }
    package var number: Double? { if case .number(let number) = self { number } else { nil } }
    package subscript(member: String) -> AMFValue? {
        if case .object(let members) = self { members[member] } else { nil }
    }

    /// The values of a message, as far as they can be read.
    package static func list(_ bytes: RawSpan) -> [AMFValue] {
        var reader = ByteReader(bytes)
        var values: [AMFValue] = []
        while values.count < 8, let value = AMFValue(decoding: &reader, depth: 0) { values.append(value) }
        return values
    }

    @_lifetime(reader: copy reader)
    private init?(decoding reader: inout ByteReader, depth: Int) {
        guard depth < Self.deepest, !reader.isAtEnd else { return nil }
        switch reader.uint8() {
        case 0:
            guard reader.remaining >= 8 else { return nil }
            self = .number(Double(bitPattern: reader.uint64()))
        case 1:
            guard reader.remaining >= 1 else { return nil }
            self = .boolean(reader.uint8() != 0)
        case 2:
            guard let text = Self.text(&reader) else { return nil }
            self = .string(text)
        case 3: self = .object(Self.members(&reader, depth: depth))
        case 5, 6: self = .null
        case 8:
            guard reader.remaining >= 4 else { return nil }
            reader.skip(4)
            self = .object(Self.members(&reader, depth: depth))
        case 10:
            guard reader.remaining >= 4 else { return nil }
            let count = reader.uint32()
            var list: [AMFValue] = []
            while list.count < min(Int(count), Self.memberCapacity),
                let value = AMFValue(decoding: &reader, depth: depth + 1)
            { list.append(value) }
            self = .array(list)
        case 11:
            guard reader.remaining >= 10 else { return nil }
            let milliseconds = Double(bitPattern: reader.uint64())
            reader.skip(2)
            self = .number(milliseconds)
        case 12:
            guard reader.remaining >= 4 else { return nil }
            let length = Int(reader.uint32())
            let kept = reader.copy(min(length, Self.textLimit))
            reader.skip(min(reader.remaining, max(0, length - kept.count)))
            self = .string(String(decoding: kept, as: UTF8.self))
        default: return nil
        }
    }

    @_lifetime(reader: copy reader)
    private static func text(_ reader: inout ByteReader) -> String? {
        guard reader.remaining >= 2 else { return nil }
        let length = Int(reader.uint16())
        guard reader.remaining >= length else { return nil }
        let kept = reader.copy(min(length, textLimit))
        reader.skip(length - kept.count)
        return String(decoding: kept, as: UTF8.self)
    }

    /// Names and values up to an empty name and the end mark.
    @_lifetime(reader: copy reader)
    private static func members(_ reader: inout ByteReader, depth: Int) -> [String: AMFValue] {
        var members: [String: AMFValue] = [:]
        var count = 0
        while count < memberCapacity, let name = text(&reader) {
            count += 1
            if name.isEmpty, reader.peekUInt8() == 9 {
                reader.skip(1)
                break
            }
            guard let value = AMFValue(decoding: &reader, depth: depth + 1) else { break }
            members[name] = value
        }
        return members
    }
}
