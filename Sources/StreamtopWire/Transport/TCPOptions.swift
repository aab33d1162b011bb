/// TCP options (IANA TCP Option Kind Numbers); absent ones are nil. Fixed size: no allocation.
package struct TCPOptions: Equatable, Sendable {
    /// Kind 2 (RFC 9293 section 3.7.1), bytes.
    package var maximumSegmentSize: UInt16?
    /// Kind 3 (RFC 7323 section 2), the shift count as sent.
    package var windowScale: UInt8?
    /// Kind 4 (RFC 2018 section 2).
    package var sackPermitted = false
    /// Kind 8 (RFC 7323 section 3).
    package var timestampValue: UInt32 = 0
    package var timestampEcho: UInt32 = 0
    package var hasTimestamps = false
    /// Kind 5 (RFC 2018 section 3): up to four blocks, the first `sackCount` are valid.
    package var sackCount: UInt8 = 0
    package var sack0 = SACKBlock(start: 0, end: 0)
    package var sack1 = SACKBlock(start: 0, end: 0)
    package var sack2 = SACKBlock(start: 0, end: 0)
    package var sack3 = SACKBlock(start: 0, end: 0)
    /// Kind 34 (RFC 7413 section 4.1.1), or 254 with the magic number 0xf989 that was used before: bytes of cookie, 0
    /// for a request.
    package var fastOpenCookieLength: UInt8?
    /// Kind 30 (RFC 8684): part of a Multipath TCP connection.
    package var multipath = false
    /// Kinds 172 and 174 (RFC 9768 section 3.2.3): the sender counts ECN marks by AccECN.
    package var accurateECN = false
    /// The options did not fit the header length or their own rules; those before the fault are kept.
    package var malformed = false
    /// The capture holds only the beginning of the list: what is absent here may have been sent.
    package var isCut = false

    package init() {}

    @inlinable
    package func sackBlock(_ index: Int) -> SACKBlock {
        switch index {
        case 0: sack0
        case 1: sack1
        case 2: sack2
        default: sack3
        }
    }
}

extension TCPOptions {
    /// Forgets the options of the segment before. SACK blocks beyond `sackCount` may hold old ones.
    @inlinable
    package mutating func reset() {
        maximumSegmentSize = nil
        windowScale = nil
        sackPermitted = false
        hasTimestamps = false
        timestampValue = 0
        timestampEcho = 0
        sackCount = 0
        fastOpenCookieLength = nil
        multipath = false
        accurateECN = false
        malformed = false
        isCut = false
    }

    /// Reads the option list, which fills `list`. `isCut`: the capture holds only the beginning of it, so an option that
    /// does not fit is no fault of the sender.
    @inline(__always)
    @_lifetime(list: copy list)
    package mutating func decode(_ list: inout ByteReader, isCut: Bool = false) {
        // Two no-operations, then timestamps: what nearly every segment of a modern stack carries, and nothing else.
        if list.remaining == 12, list.peekUInt32() == 0x0101_080a {
            list.skip(4)
            hasTimestamps = true
            timestampValue = list.uint32()
            timestampEcho = list.uint32()
            return
        }
        decodeEach(&list, isCut: isCut)
    }

    @inline(never)
    @_lifetime(list: copy list)
    private mutating func decodeEach(_ list: inout ByteReader, isCut: Bool) {
        self.isCut = isCut
        while !list.isAtEnd {  // each pass takes at least one byte
            let kind = list.uint8()
            if kind == 0 { return }
            if kind == 1 { continue }
            guard let length = list.peekUInt8().map({ Int($0) }), length >= 2, length - 1 <= list.remaining else {
                malformed = !isCut
                return
            }
            list.skip(1)
            var body = list.reader(of: length - 2)
            decode(kind, length: length, &body)
        }
    }

    @_lifetime(body: copy body)
    private mutating func decode(_ kind: UInt8, length: Int, _ body: inout ByteReader) {
        switch kind {
        case 2 where length == 4: maximumSegmentSize = body.uint16()
        case 3 where length == 3: windowScale = body.uint8()
        case 4 where length == 2: sackPermitted = true
        case 5 where length >= 10 && length % 8 == 2: decodeSACK(&body)
        case 8 where length == 10:
            hasTimestamps = true
            timestampValue = body.uint32()
            timestampEcho = body.uint32()
        case 30 where length >= 3: multipath = true
        case 34: fastOpenCookieLength = UInt8(length - 2)  // the length came from one byte
        case 172, 174: accurateECN = true
        case 254 where length >= 4 && body.peekUInt16() == 0xf989: fastOpenCookieLength = UInt8(length - 4)
        // Known kinds of a wrong length.
        case 2, 3, 4, 5, 8, 30: malformed = true
        default: break
        }
    }

    @_lifetime(body: copy body)
    private mutating func decodeSACK(_ body: inout ByteReader) {
        while body.remaining >= 8, sackCount < 4 {  // each pass takes eight bytes
            let block = SACKBlock(start: body.uint32(), end: body.uint32())
            switch sackCount {
            case 0: sack0 = block
            case 1: sack1 = block
            case 2: sack2 = block
            default: sack3 = block
            }
            sackCount += 1
        }
    }
}
