import StreamtopTestSupport
import Testing

@testable import StreamtopWire

/// The ServerHello message of RFC 8448 section 3, header included.
let rfc8448ServerHello = [UInt8](
    hex: """
        020000560303a6af06a4121860dc5e6e60249cd34c95930c8ac5cb1434dac155772ed3e2692800130100002e00330024001d0020c9828876112095fe
        66762bdbf7c672e156d6cc253b833df1dd69b1b04e751f0f002b00020304
        """)

@Suite struct TLSServerHelloTests {
    private func decode(_ body: [UInt8]) throws -> TLSServerHello {
        var reader = unsafe ByteReader(body.span.bytes)
        return try TLSServerHello(decoding: &reader)
    }

    @Test("RFC 8448 section 3")
    func rfc8448() throws {
        let hello = try decode(Array(rfc8448ServerHello.dropFirst(4)))
        #expect(hello.version == .tls13)
        #expect(TLSCipherSuite(rawValue: hello.cipherSuite).name == "TLS_AES_128_GCM_SHA256")
        #expect(hello.keyShareGroup.map { TLSGroup(rawValue: $0).text } == "x25519")
        #expect(!hello.isHelloRetryRequest)
        #expect(hello.ja3sText == "771,4865,51-43")
    }

    @Test("HelloRetryRequest is a ServerHello by its random")
    func helloRetryRequest() throws {
        var builder = HelloBuilder()
        builder.random = [UInt8](hex: "cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")
        builder.extensions = [(51, [0, 23]), (43, [3, 4])]
        let hello = try decode(builder.serverBody)
        #expect(hello.isHelloRetryRequest)
        #expect(hello.keyShareGroup == 23)
    }

    @Test("TLS 1.2 answers: ALPN, ticket, extended master secret, encrypt-then-MAC")
    func version12() throws {
        var builder = HelloBuilder()
        builder.cipherSuites = [0xc02f]
        builder.extensions = [HelloBuilder.alpn([Array("h2".utf8)]), (35, []), (23, []), (22, [])]
        let hello = try decode(builder.serverBody)
        #expect(hello.version == .tls12)
        #expect(hello.alpnBytes == Array("h2".utf8))
        #expect(hello.sessionTicket && hello.extendedMasterSecret && hello.encryptThenMAC)
    }

    @Test("Cut at every byte and every bit flipped: no trap")
    func hostile() {
        let body = Array(rfc8448ServerHello.dropFirst(4))
        for length in 0..<body.count {
            // Version, random, session ID, suite and compression end at byte 38.
            #expect(((try? decode(Array(body.prefix(length)))) != nil) == (length >= 38))
        }
        for index in body.indices {
            for bit in 0..<8 {
                var mutant = body
                mutant[index] ^= 1 << UInt8(bit)
                if let hello = try? decode(mutant) { #expect(hello.extensionTypes.count <= 16) }
            }
        }
    }
}

@Suite struct TLSMessagesTests {
    @Test("Messages are cut from a byte stream; a part of one is not a message")
    func framing() {
        let stream = HelloBuilder.message(8, [0, 0]) + HelloBuilder.message(20, Array(repeating: 1, count: 32))
        for length in 0...stream.count {
            let part = Array(stream.prefix(length))
            var reader = unsafe ByteReader(part.span.bytes)
            var lengths: [Int] = []
            while let message = TLSHandshakeMessage.next(&reader) { lengths.append(message.length) }
            #expect(lengths == (length == stream.count ? [6, 36] : length >= 6 ? [6] : []))
        }
    }

    @Test("EncryptedExtensions: ALPN, early data, transport parameters")
    func encryptedExtensions() throws {
        let alpn = HelloBuilder.alpn([Array("h3".utf8)])
        let block =
            HelloBuilder.numbers([alpn.type]) + HelloBuilder.vector(alpn.body, lengthBytes: 2) + [0, 42, 0, 0]
            + [0, 57, 0, 2, 1, 2]
        let body = HelloBuilder.vector(block, lengthBytes: 2)
        var reader = unsafe ByteReader(body.span.bytes)
        let answers = try TLSEncryptedExtensions(decoding: &reader)
        #expect(answers.alpn == "h3" && answers.acceptsEarlyData)
        #expect(answers.quicTransportParameters == [1, 2])
        for length in 0..<body.count {
            let part = Array(body.prefix(length))
            var short = unsafe ByteReader(part.span.bytes)
            #expect(throws: DecodeError.self) { try TLSEncryptedExtensions(decoding: &short) }
        }
    }

    @Test("Certificate chains of both forms, and a cap on what is kept", arguments: [false, true])
    func certificates(_ version13: Bool) throws {
        let entry = HelloBuilder.vector([1, 2, 3], lengthBytes: 3) + (version13 ? [0, 0] : [])
        let list = HelloBuilder.vector((0..<20).flatMap { _ in entry }, lengthBytes: 3)
        let body = (version13 ? [0] : []) + list
        var reader = unsafe ByteReader(body.span.bytes)
        let message = try TLSCertificateMessage(decoding: &reader, version13: version13)
        #expect(message.count == 20 && message.certificates.count == TLSCertificateMessage.certificateCapacity)
        #expect(message.certificates.first == [1, 2, 3])
        for length in 0..<body.count {
            let part = Array(body.prefix(length))
            var short = unsafe ByteReader(part.span.bytes)
            #expect(throws: DecodeError.self) { try TLSCertificateMessage(decoding: &short, version13: version13) }
        }
    }

    @Test("ServerKeyExchange: curve and signature scheme of ECDHE, prime of DHE")
    func serverKeyExchange() throws {
        let curve = [3, 0, 29] + HelloBuilder.vector([9, 9], lengthBytes: 1) + [8, 4, 0, 0]
        var reader = unsafe ByteReader(curve.span.bytes)
        let ecdhe = try TLSServerKeyExchange(
            decoding: &reader, cipherSuite: TLSCipherSuite(rawValue: 0xc02f), version: .tls12)
        #expect(ecdhe.group == 29 && ecdhe.signatureScheme == 0x0804)
        let prime = HelloBuilder.vector(Array(repeating: 1, count: 256), lengthBytes: 2) + [0, 1, 2, 0, 1, 5, 4, 1]
        var other = unsafe ByteReader(prime.span.bytes)
        let dhe = try TLSServerKeyExchange(
            decoding: &other, cipherSuite: TLSCipherSuite(rawValue: 0x0033), version: .tls12)
        #expect(dhe.primeBits == 2048 && dhe.signatureScheme == 0x0401)
    }

    @Test("Records: bytes that cannot be TLS are malformed, short ones truncated")
    func records() throws {
        let good: [UInt8] = [22, 3, 1, 0, 200]
        var reader = unsafe ByteReader(good.span.bytes)
        #expect(try TLSRecordHeader(decoding: &reader).fragmentLength == 200)
        for bad in [[19, 3, 1, 0, 1], [22, 2, 1, 0, 1], [22, 3, 9, 0, 1], [22, 3, 1, 0xff, 0xff]] as [[UInt8]] {
            var other = unsafe ByteReader(bad.span.bytes)
            #expect(throws: DecodeError.self) { try TLSRecordHeader(decoding: &other) }
        }
    }

    @Test("Names of the tables")
    func names() {
        #expect(TLSCipherSuite(rawValue: 0xcca8).name == "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256")
        #expect(TLSCipherSuite(rawValue: 0x2a2a).name == nil)
        #expect(TLSCipherSuite(rawValue: 0x0a2a).text == "0x0a2a")
        #expect(TLSGroup(rawValue: 4588).text == "X25519MLKEM768")
        #expect(TLSSignatureScheme(rawValue: 0x0804).text == "rsa_pss_rsae_sha256")
        #expect(TLSAlert.name(of: 48) == "unknown_ca" && TLSAlert.name(of: 250) == "alert_250")
        #expect(TLSVersion(rawValue: 0x7f12).name == "1.3-draft18")
        #expect(isGreaseValue(0xdada) && !isGreaseValue(0xdaca))
    }
}
