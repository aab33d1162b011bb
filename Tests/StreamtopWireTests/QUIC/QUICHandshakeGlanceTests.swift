import StreamtopTestSupport
import Testing

@testable import StreamtopWire

@Suite struct QUICHandshakeGlanceTests {
    private func glance(_ bytes: [UInt8]) throws -> QUICHandshakeGlance? {
        var reader = ByteReader(unsafe bytes.span.bytes)
        return try QUICHandshakeGlance(decoding: &reader)
    }

    private func message(_ type: UInt8, _ body: [UInt8]) -> [UInt8] {
        [type, 0, UInt8(body.count >> 8), UInt8(body.count & 255)] + body
    }

    private let random = (0..<32).map(UInt8.init)

    private var hello: [UInt8] {
        let extensions = [UInt8](hex: "0039 0004 01026710 002a0000 00290000")
        return message(
            1, [3, 3] + random + [0, 0, 2, 0x13, 1, 1, 0] + [0, UInt8(extensions.count)] + extensions)
    }

    @Test func clientHello() throws {
        let seen = try #require(try glance(hello))
        #expect(seen.random == random)
        #expect(seen.parameters?.integer(.maxIdleTimeout) == 10_000)
        #expect(seen.hasEarlyData)
        #expect(seen.cipherSuite == nil)
    }

    @Test func serverHelloAndRetryOfIt() throws {
        let body: [UInt8] = [3, 3] + random + [0, 0x13, 2, 0, 0, 0]
        #expect(try glance(message(2, body))?.cipherSuite == 0x1302)
        let retry = [UInt8](hex: "cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")
        #expect(try glance(message(2, [3, 3] + retry + [0, 0x13, 2, 0, 0, 0]))?.cipherSuite == nil)
    }

    @Test func encryptedExtensionsAndOthers() throws {
        let extensions = [UInt8](hex: "000c ffa5 0004 01026710 002a0000")
        let seen = try #require(try glance(message(8, extensions)))
        #expect(seen.parameters?.integer(.maxIdleTimeout) == 10_000)
        #expect(seen.hasEarlyData)
        #expect(try glance(message(11, [0])) == nil)
    }

    @Test func damageIsSurvived() {
        for length in 0..<hello.count { #expect((try? glance(Array(hello.prefix(length)))) == nil) }
        var random = SeededRandom(seed: 8446)
        for _ in 0..<4000 { _ = try? glance(random.damaged(hello)) }
    }
}
