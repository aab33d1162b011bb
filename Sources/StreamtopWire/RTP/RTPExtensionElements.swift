/// One element of a header extension: its number (agreed on in signalling) and where its value lies in the data.
package struct RTPExtensionElement: Equatable, Sendable, BitwiseCopyable {
    /// 1 to 14 in the one-byte form, 1 to 255 in the two-byte form.
    package var identifier: UInt8
    package var offset: Int
    package var length: Int
}

/// Walks the elements of an RTP header extension (RFC 8285).
///
///     one-byte form, profile 0xBEDE:  ID(4) length-1(4) value | 0 is padding | ID 15 ends the list
///     two-byte form, profile 0x100x:  ID(8) length(8) value   | ID 0 is padding
package struct RTPExtensionElements: ~Escapable {
    private var reader: ByteReader
    private let isTwoByte: Bool

    /// `data` is the extension's data, without profile and length. nil where the profile is none of RFC 8285's.
    @_lifetime(copy data)
    package init?(profile: UInt16, data: RawSpan) {
        switch profile {
        case 0xbede: isTwoByte = false
        case 0x1000...0x100f: isTwoByte = true
        default: return nil
        }
        reader = ByteReader(data)
    }

    /// The next element; nil at the end and at an element that does not fit, which ends the list.
    @_lifetime(self: copy self)
    package mutating func next() -> RTPExtensionElement? {
        while let first = reader.peekUInt8() {
            guard first != 0 else {
                reader.skip(1)
                continue
            }
            let length: Int
            let identifier: UInt8
            if isTwoByte {
                guard let size = reader.peekUInt8(ahead: 1) else { return nil }
                (identifier, length) = (first, Int(size))
                reader.skip(2)
            } else {
                (identifier, length) = (first >> 4, Int(first & 0x0f) + 1)
                // An element 0 with a length is padding too long for its kind, element 15 ends the list (section 4.2).
                guard identifier != 15, identifier != 0 else { return nil }
                reader.skip(1)
            }
            guard reader.remaining >= length else { return nil }
            defer { reader.skip(length) }
            return RTPExtensionElement(identifier: identifier, offset: reader.consumed, length: length)
        }
        return nil
    }
}
