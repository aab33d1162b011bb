import StreamtopTestSupport
import Testing

@testable import StreamtopCrypto

@Suite struct HKDFTests {
    @Test("RFC 5869 A.1")
    func rfc5869() {
        let hkdf = HKDF(.sha256)
        let key = hkdf.extract(
            salt: [UInt8](hex: "000102030405060708090a0b0c"), Array(repeating: 0x0b, count: 22))
        #expect(key.hex == "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5")
        #expect(
            hkdf.expand(key, info: [UInt8](hex: "f0f1f2f3f4f5f6f7f8f9"), length: 42).hex
                == "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865")
    }

    @Test("RFC 9001 A.1: Initial secrets, keys, IVs and header-protection keys of both sides")
    func initialSecrets() {
        let hkdf = HKDF(.sha256)
        let secret = hkdf.extract(
            salt: [UInt8](hex: "38762cf7f55934b34d179ae6a4c80cadccbb7f0a"), [UInt8](hex: "8394c8f03e515708"))
        #expect(secret.hex == "7db5df06e7a69e432496adedb00851923595221596ae2ae9fb8115c1e9ed0a44")
        let client = hkdf.expandLabel(secret, "client in", length: 32)
        #expect(client.hex == "c00cf151ca5be075ed0ebfb5c80323c42d6b7db67881289af4008f1f6c357aea")
        #expect(hkdf.expandLabel(client, "quic key", length: 16).hex == "1f369613dd76d5467730efcbe3b1a22d")
        #expect(hkdf.expandLabel(client, "quic iv", length: 12).hex == "fa044b2f42a3fd3b46fb255c")
        #expect(hkdf.expandLabel(client, "quic hp", length: 16).hex == "9f50449e04a0e810283a1e9933adedd2")
        let server = hkdf.expandLabel(secret, "server in", length: 32)
        #expect(server.hex == "3c199828fd139efd216c155ad844cc81fb82fa8d7446fa7d78be803acdda951b")
        #expect(hkdf.expandLabel(server, "quic key", length: 16).hex == "cf3a5331653c364c88f0f379b6067e37")
        #expect(hkdf.expandLabel(server, "quic iv", length: 12).hex == "0ac1493ca1905853b0bba03e")
        #expect(hkdf.expandLabel(server, "quic hp", length: 16).hex == "c206b8d9b9f0f37644430b490eeaa314")
    }

    @Test("Lengths that HKDF cannot give are empty, not wrong")
    func impossibleLengths() {
        #expect(HKDF(.sha256).expand([1], info: [], length: 0) == [])
        #expect(HKDF(.sha256).expand([1], info: [], length: 255 * 32 + 1) == [])
        #expect(HKDF(.sha256).expand([1], info: [], length: 255 * 32).count == 255 * 32)
        #expect(HKDF(.sha384).expandLabel([1], String(repeating: "x", count: 250), length: 16) == [])
    }
}
