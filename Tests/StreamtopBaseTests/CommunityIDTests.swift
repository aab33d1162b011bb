import StreamtopBase
import StreamtopTestSupport
import Testing

@Suite("Community ID")
struct CommunityIDTests {
    /// Vectors published with the specification and its reference implementation (seed 0).
    @Test(
        "agrees with the published vectors",
        arguments: [
            ("128.232.110.120:34855", "66.35.250.204:80", 6, "1:LQU9qZlK+B5F3KDmev6m5PMibrg="),
            ("192.168.1.52:54585", "8.8.8.8:53", 17, "1:d/FP5EW3wiY1vCndhwleRRKHowQ="),
            ("192.168.170.8:7", "192.168.170.56:7", 132, "1:MP2EtRCAUIZvTw6MxJHLV7N7JDs="),
            (
                "[2001:470:e5bf:dead:4957:2174:e82c:4887]:63943", "[2607:f8b0:400c:c03::1a]:25", 6,
                "1:/qFaeAR+gFe1KYjMzVDsMv+wgU4="
            ),
        ] as [(String, String, UInt8, String)])
    func published(source: String, destination: String, transport: UInt8, expected: String) {
        let source = Endpoint(stringLiteral: source)
        let destination = Endpoint(stringLiteral: destination)
        #expect(CommunityID(source: source, destination: destination, transport: transport)?.text == expected)
        #expect(CommunityID(source: destination, destination: source, transport: transport)?.text == expected)
    }

    @Test(
        "hashes the type and code of ICMP messages",
        arguments: [
            ("192.168.0.89:0", "192.168.0.1:0", 1, 8, 0, "1:X0snYXpgwiv9TZtqg64sgzUn6Dk="),
            ("[fe80::260:97ff:fe07:69ea]:0", "[ff02::1]:0", 58, 134, 0, "1:pkvHqCL88/tg1k4cPigmZXUtL00="),
        ] as [(String, String, UInt8, UInt8, UInt8, String)])
    func icmp(
        source: String, destination: String, transport: UInt8, type: UInt8, code: UInt8, expected: String
    ) {
        let text = CommunityID(
            source: Endpoint(stringLiteral: source), destination: Endpoint(stringLiteral: destination),
            transport: transport, icmpType: type, icmpCode: code)?.text
        #expect(text == expected)
    }

    @Test("an echo request and its reply have one hash, one-way messages keep their direction")
    func icmpDirections() {
        let near: Endpoint = "10.0.0.1:0"
        let far: Endpoint = "10.0.0.2:0"
        let request = CommunityID(source: near, destination: far, transport: 1, icmpType: 8, icmpCode: 0)?.text
        let reply = CommunityID(source: far, destination: near, transport: 1, icmpType: 0, icmpCode: 0)?.text
        #expect(request == reply)
        let there = CommunityID(source: near, destination: far, transport: 1, icmpType: 3, icmpCode: 4)?.text
        let back = CommunityID(source: far, destination: near, transport: 1, icmpType: 3, icmpCode: 4)?.text
        #expect(there != back)
    }

    @Test("endpoints of two families have no hash")
    func mixedFamilies() {
        #expect(CommunityID(source: "1.2.3.4:1", destination: "[::1]:1", transport: 6)?.text == nil)
    }

    /// RFC 3174 section 7.3, and lengths around the padding boundary.
    @Test(
        "SHA-1 agrees with RFC 3174",
        arguments: [
            ("abc", 1, "a9993e364706816aba3e25717850c26c9cd0d89d"),
            ("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1, "84983e441c3bd26ebaae4aa1f95129e5e54670f1"),
            (
                "0123456701234567012345670123456701234567012345670123456701234567", 10,
                "dea356a2cddd90c7a7ecedc5ebb563934f460452"
            ),
            ("", 1, "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
        ])
    func sha1(message: String, times: Int, expected: String) {
        let bytes = (0..<times).flatMap { _ in Array(message.utf8) }
        let digest = SHA1.digest(of: bytes.span)
        let text = digest.indices.map { index in
            let word = String(digest[index], radix: 16)
            return String(repeating: "0", count: 8 - word.count) + word
        }
        #expect(text.joined() == expected)
    }
}
