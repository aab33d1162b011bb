import StreamtopBase
import StreamtopTestSupport
import Testing

@testable import StreamtopWire

/// The ClientHello message of RFC 8448 section 3, header included.
let rfc8448ClientHello = [UInt8](
    hex: """
        010000c00303cb34ecb1e78163ba1c38c6dacb196a6dffa21a8d9912ec18a2ef6283024dece7000006130113031302010000910000000b0009000006
        736572766572ff01000100000a00140012001d0017001800190100010101020103010400230000003300260024001d002099381de560e4bd43d23d8e
        435a7dbafeb3c06e51c13cae4d5413691e529aaf2c002b0003020304000d0020001e040305030603020308040805080604010501060102010402050206
        020202002d00020101001c00024001
        """)

@Suite struct TLSClientHelloTests {
    private func decode(_ body: [UInt8], datagram: Bool = false) throws -> TLSClientHello {
        var reader = unsafe ByteReader(body.span.bytes)
        return try TLSClientHello(decoding: &reader, datagram: datagram)
    }

    @Test("RFC 8448 section 3")
    func rfc8448() throws {
        var reader = unsafe ByteReader(rfc8448ClientHello.span.bytes)
        let header = try TLSHandshakeHeader(decoding: &reader)
        #expect(header.type == .clientHello && header.bodyLength == 192)
        let hello = try TLSClientHello(decoding: &reader)
        let atEnd = reader.isAtEnd
        #expect(atEnd)
        #expect(hello.serverName == "server")
        #expect(hello.cipherSuites == [0x1301, 0x1303, 0x1302])
        #expect(hello.supportedGroups == [29, 23, 24, 25, 256, 257, 258, 259, 260])
        #expect(hello.keyShares == [TLSClientHello.KeyShare(group: 29, length: 32)])
        #expect(hello.supportedVersions == [0x0304])
        #expect(hello.highestVersion == .tls13)
        #expect(hello.sessionTicketLength == 0)
        #expect(hello.pskKeyExchangeModes == [1])
        #expect(hello.signatureAlgorithms.count == 15)
        #expect(!hello.offersResumption && !hello.offersEarlyData && !hello.extensionsMalformed)
        #expect(hello.random.bytes.prefix(3) == [0xcb, 0x34, 0xec])
    }

    @Test("ALPN, early data, PSK, ECH, cookie and SRTP profiles")
    func extensions() throws {
        var builder = HelloBuilder()
        let identity = HelloBuilder.vector([1, 2, 3], lengthBytes: 2) + [0, 0, 0, 1]
        builder.extensions = [
            HelloBuilder.alpn([Array("h2".utf8), Array("http/1.1".utf8)]), (42, []), (0xfe0d, [0]), (44, [0, 1, 9]),
            (14, HelloBuilder.vector(HelloBuilder.numbers([1, 7]), lengthBytes: 2) + [0]),
            (41, HelloBuilder.vector(identity + identity, lengthBytes: 2) + [0, 0]),
        ]
        let hello = try decode(builder.clientBody)
        #expect(hello.alpn == ["h2", "http/1.1"])
        #expect(hello.offersEarlyData && hello.encryptedClientHello && hello.hasCookieExtension)
        #expect(hello.srtpProfiles == [1, 7])
        #expect(hello.pskIdentities == 2 && hello.offersResumption)
    }

    @Test("A DTLS hello has a cookie; versions count downwards")
    func datagram() throws {
        var builder = HelloBuilder()
        builder.legacyVersion = 0xfefd
        builder.cookie = [5, 5, 5]
        builder.extensions = [(43, HelloBuilder.vector(HelloBuilder.numbers([0xfeff, 0xfefd]), lengthBytes: 1))]
        let hello = try decode(builder.clientBody, datagram: true)
        #expect(hello.datagramCookie == [5, 5, 5])
        #expect(hello.highestVersion == .dtls12)
    }

    @Test("A hello without extensions, as SSL 3.0 sent it")
    func bare() throws {
        var builder = HelloBuilder()
        builder.legacyVersion = 0x0300
        builder.extensions = nil
        let hello = try decode(builder.clientBody)
        #expect(hello.extensionTypes.isEmpty && hello.serverName == nil && !hello.extensionsMalformed)
    }

    @Test("Extensions that pass their block are malformed; those before are kept")
    func brokenExtension() throws {
        var builder = HelloBuilder()
        builder.extensions = [HelloBuilder.serverName("a.example"), (16, [])]
        var body = builder.clientBody
        body[body.count - 1] = 9
        let hello = try decode(body)
        #expect(hello.serverName == "a.example")
        #expect(hello.extensionsMalformed)
    }

    @Test("Cut at every byte: an error or what was whole, never a trap")
    func truncation() {
        let body = Array(rfc8448ClientHello.dropFirst(4))
        for length in 0..<body.count {
            let hello = try? decode(Array(body.prefix(length)))
            // Version, random, session ID, suites and methods end at byte 45; a block is announced at 45 and 46.
            #expect((hello != nil) == (length >= 45), "cut at \(length)")
            if length >= 47 { #expect(hello?.extensionsMalformed == true, "cut at \(length)") }
        }
    }

    @Test("Every byte changed in eight ways: no trap, and lists no longer than the bytes")
    func mutation() {
        let body = Array(rfc8448ClientHello.dropFirst(4))
        for index in body.indices {
            for bit in 0..<8 {
                var mutant = body
                mutant[index] ^= 1 << UInt8(bit)
                guard let hello = try? decode(mutant) else { continue }
                #expect(hello.cipherSuites.count * 2 <= body.count && hello.extensionTypes.count * 4 <= body.count)
            }
        }
    }
}

@Suite struct TLSFingerprintTests {
    private func decode(_ builder: HelloBuilder) throws -> TLSClientHello {
        let body = builder.clientBody
        var reader = unsafe ByteReader(body.span.bytes)
        return try TLSClientHello(decoding: &reader)
    }

    @Test("JA3 text of the handbook's vector, GREASE left out")
    func ja3() throws {
        var builder = HelloBuilder()
        builder.legacyVersion = 769
        builder.cipherSuites = [0x0a0a, 47, 53, 5, 10, 49161, 49162, 49171, 49172, 50, 56, 19, 4]
        builder.extensions = [
            HelloBuilder.serverName("x"),
            (10, HelloBuilder.vector(HelloBuilder.numbers([0x1a1a, 23, 24, 25]), lengthBytes: 2)), (0x2a2a, []),
            (11, [1, 0]),
        ]
        #expect(
            try decode(builder).ja3Text
                == "769,47-53-5-10-49161-49162-49171-49172-50-56-19-4,0-10-11,23-24-25,0")
        builder.cipherSuites = [4, 5, 10, 9, 100, 98, 3, 6, 19, 18, 99]
        builder.extensions = nil
        #expect(try decode(builder).ja3Text == "769,4-5-10-9-100-98-3-6-19-18-99,,,")
    }

    /// A hello whose JA4 is the published t13d1516h2_8daaf6152771_e5627efa2ab1.
    static var browser: HelloBuilder {
        var builder = HelloBuilder()
        builder.cipherSuites = [
            0x2a2a, 0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc013, 0xc014, 0x009c,
            0x009d, 0x002f, 0x0035,
        ]
        let schemes: [UInt16] = [0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601]
        builder.extensions = [
            (0xfafa, []), (0x001b, [2, 0, 2]), HelloBuilder.serverName("example.com"), (0x0033, [0, 0]), (0x0005, []),
            HelloBuilder.alpn([Array("h2".utf8), Array("http/1.1".utf8)]), (0x4469, []), (0x0017, []),
            (0x002d, [1, 1]),
            (0x000d, HelloBuilder.vector(HelloBuilder.numbers(schemes), lengthBytes: 2)), (0x0023, []), (0x0012, []),
            (0x002b, HelloBuilder.vector(HelloBuilder.numbers([0x1a1a, 0x0304, 0x0303]), lengthBytes: 1)),
            (0xff01, [0]), (0x000b, [1, 0]), (0x000a, [0, 2, 0, 29]), (0x0015, [0, 0, 0]),
        ]
        return builder
    }

    @Test("JA4 of a browser: head and the two texts that are hashed")
    func ja4() throws {
        var hashed: [String] = []
        let fingerprint = try decode(Self.browser).ja4(over: .tcp) { text in
            hashed.append(String(decoding: text, as: UTF8.self))
            return "0123456789abcdef"
        }
        #expect(fingerprint == "t13d1516h2_0123456789ab_0123456789ab")
        #expect(hashed.count == 2)
        #expect(hashed.first == "002f,0035,009c,009d,1301,1302,1303,c013,c014,c02b,c02c,c02f,c030,cca8,cca9")
        #expect(
            hashed.last
                == "0005,000a,000b,000d,0012,0015,0017,001b,0023,002b,002d,0033,4469,ff01_0403,0804,0401,0503,0805,0501,0806,0601"
        )
    }

    @Test("JA4 head: no SNI, no ALPN, odd ALPN, DTLS and QUIC")
    func ja4Head() throws {
        var builder = HelloBuilder()
        builder.extensions = [HelloBuilder.alpn([[0xab, 0xcd]])]
        #expect(try decode(builder).ja4(over: .quic) { _ in "0" }.hasPrefix("q12i0101ad_"))
        builder.extensions = [HelloBuilder.alpn([Array("h".utf8)])]
        #expect(try decode(builder).ja4(over: .tcp) { _ in "0" }.hasPrefix("t12i0101hh_"))
        builder.extensions = []
        #expect(try decode(builder).ja4(over: .tcp) { _ in "0" } == "t12i010000_0_000000000000")
    }
}
