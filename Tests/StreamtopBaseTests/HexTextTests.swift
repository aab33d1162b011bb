import Testing

@testable import StreamtopBase

@Suite struct HexTextTests {
    @Test func digits() {
        #expect(String(hexOf: []) == "")
        #expect(String(hexOf: [0x00, 0x0f, 0xa9, 0xff]) == "000fa9ff")
        #expect(String(hexOf: [0x01, 0xab], separator: UInt8(ascii: ":")) == "01:ab")
    }

    @Test func words() {
        let name = "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"
        for word: StaticString in ["TLS_", "AES_128_GCM", "_SHA256", "_"] { #expect(name.containsASCII(word)) }
        for word: StaticString in ["AES_256_GCM", "_SHA2567", "tls", "XTLS"] { #expect(!name.containsASCII(word)) }
        #expect(!"".containsASCII("a"))
        #expect("".containsASCII(""))
    }
}
