import StreamtopTestSupport
import Testing

@testable import StreamtopCrypto

@Suite struct HashAlgorithmTests {
    @Test(
        "Digests of \"abc\" (RFC 1321, FIPS 180-4)",
        arguments: [
            (HashAlgorithm.md5, "900150983cd24fb0d6963f7d28e17f72"),
            (.sha1, "a9993e364706816aba3e25717850c26c9cd0d89d"),
            (.sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                .sha384,
                "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7"
            ),
        ])
    func abc(_ hash: HashAlgorithm, _ expected: String) {
        #expect(hash.hash(Array("abc".utf8)).hex == expected)
    }

    @Test("RFC 4231 test case 2, and 6 with a key longer than a block")
    func hmac() {
        #expect(
            HashAlgorithm.sha256.hmac(key: Array("Jefe".utf8), Array("what do ya want for nothing?".utf8)).hex
                == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
        #expect(
            HashAlgorithm.sha256.hmac(
                key: Array(repeating: 0xaa, count: 131),
                Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8)
            ).hex == "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54")
    }

    @Test("CBC: NIST SP 800-38A F.2.1")
    func cbc() throws {
        var key = try requireOwned(CBCKey(key: [UInt8](hex: "2b7e151628aed2a6abf7158809cf4f3c")))
        var output: [UInt8] = []
        let iv = [UInt8](hex: "000102030405060708090a0b0c0d0e0f")
        for _ in 0..<2 {
            let ciphertext = [UInt8](hex: "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2")
            #expect(unsafe key.decrypt(iv: iv, ciphertext: ciphertext.span.bytes, into: &output))
        }
        #expect(output.prefix(32).hex == "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51")
        #expect(output.prefix(32) == output.suffix(32))
        #expect(unsafe !key.decrypt(iv: iv, ciphertext: [1, 2, 3].span.bytes, into: &output))
    }

    @Test("TLS 1.2 PRF with SHA-256: the vector of the TLS working group")
    func prf() {
        let output = TLSPseudorandomFunction.hash(.sha256).derive(
            secret: [UInt8](hex: "9bbe436ba940f017b17652849a71db35"), label: "test label",
            seed: [UInt8](hex: "a0ba9f936cda311827a6f796ffd5198c"), length: 100)
        #expect(
            output.hex == """
                e3f229ba727be17b8d122620557cd453c2aab21d07c3d495329b52d4e61edb5a6b301791e90d35c9c9a46b4e14baf9af\
                0fa022f7077def17abfd3797c0564bab4fbc91666e9def9b97fce34f796789baa48082d122ee42c5a72e5a5110fff70187347b66
                """)
    }
}

extension ArraySlice<UInt8> {
    fileprivate var hex: String { Array(self).hex }
}
