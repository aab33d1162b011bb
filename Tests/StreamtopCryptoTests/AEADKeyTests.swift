import StreamtopBase
import StreamtopTestSupport
import Testing

@testable import StreamtopCrypto

@Suite struct AEADKeyTests {
    /// Opens one message with a fresh key; nil when the tag does not match.
    private func open(
        _ algorithm: AEADAlgorithm, key: String, iv: String, number: UInt64 = 0, aad: String, ciphertext: [UInt8]
    ) throws -> String? {
        var opened = try requireOwned(AEADKey(algorithm, key: [UInt8](hex: key), iv: [UInt8](hex: iv)))
        var output: [UInt8] = [0xaa]
        let good = unsafe opened.open(
            number: number, additionalData: [UInt8](hex: aad).span.bytes, ciphertext: ciphertext.span.bytes,
            into: &output)
        #expect(output.first == 0xaa)
        if !good { #expect(output.count == 1) }
        return good ? Array(output.dropFirst()).hex : nil
    }

    @Test("RFC 9001 A.5: ChaCha20-Poly1305 short header packet")
    func chaCha20() throws {
        let plain = try open(
            .chaCha20Poly1305, key: "c6d98ff3441c3fe1b2182094f69caa2ed4b716b65488960a7a984979fb23e1c8",
            iv: "e0459b3474bdd0e44a41c144", number: 654_360_564, aad: "4200bff4",
            ciphertext: [UInt8](hex: "655e5cd55c41f69080575d7999c25a5bfb"))
        #expect(plain == "01")
    }

    @Test("RFC 9001 A.4: the Retry integrity tag is an empty message")
    func retryTag() throws {
        let aad = "088394c8f03e515708 ff000000010008f067a5502a4262b5746f6b656e"
        let tag = [UInt8](hex: "04a265ba2eff4d829058fb3f0f2496ba")
        let key = "be0c690b9f66575a1d766b54e368c84e"
        #expect(try open(.aes128GCM, key: key, iv: "461599d35d632bf2239825bb", aad: aad, ciphertext: tag) == "")
        var wrong = tag
        wrong[3] ^= 1
        #expect(try open(.aes128GCM, key: key, iv: "461599d35d632bf2239825bb", aad: aad, ciphertext: wrong) == nil)
    }

    @Test("GCM specification, test case 16: AES-256, 60 bytes, additional data")
    func aes256GCM() throws {
        let ciphertext = [UInt8](
            hex: """
                522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662
                76fc6ece0f4e1768cddf8853bb2d551b
                """)
        let plain = try open(
            .aes256GCM, key: "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
            iv: "cafebabefacedbaddecaf888", aad: "feedfacedeadbeeffeedfacedeadbeefabaddad2", ciphertext: ciphertext)
        #expect(
            plain
                == "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"
        )
    }

    @Test("NIST SP 800-38C example 3: CCM with a nonce of 12 and a tag of 8 bytes")
    func ccm8() throws {
        let plain = try open(
            .aes128CCM8, key: "404142434445464748494a4b4c4d4e4f", iv: "101112131415161718191a1b",
            aad: "000102030405060708090a0b0c0d0e0f10111213",
            ciphertext: [UInt8](hex: "e3b201a9f5b71a7a9b1ceaeccd97e70b6176aad9a4428aa5484392fbc1b09951"))
        #expect(plain == "202122232425262728292a2b2c2d2e2f3031323334353637")
    }

    @Test("One context opens many packets, a bad one among them", arguments: [AEADAlgorithm.aes128GCM, .aes128CCM8])
    func reuse(_ algorithm: AEADAlgorithm) throws {
        let ccm = algorithm == .aes128CCM8
        let ciphertext = [UInt8](
            hex: ccm
                ? "e3b201a9f5b71a7a9b1ceaeccd97e70b6176aad9a4428aa5484392fbc1b09951"
                : "04a265ba2eff4d829058fb3f0f2496ba")
        let aad = [UInt8](
            hex: ccm
                ? "000102030405060708090a0b0c0d0e0f10111213"
                : "088394c8f03e515708ff000000010008f067a5502a4262b5746f6b656e")
        var key = try requireOwned(
            AEADKey(
                algorithm,
                key: [UInt8](hex: ccm ? "404142434445464748494a4b4c4d4e4f" : "be0c690b9f66575a1d766b54e368c84e"),
                iv: [UInt8](hex: ccm ? "101112131415161718191a1b" : "461599d35d632bf2239825bb")))
        var output: [UInt8] = []
        for round in 0..<20 {
            // An odd round uses the wrong packet number, and a shorter message.
            let number = UInt64(round % 2)
            let cut = Array(ciphertext.suffix(ciphertext.count - (ccm ? round % 3 : 0)))
            let good = unsafe key.open(
                number: number, additionalData: aad.span.bytes, ciphertext: cut.span.bytes, into: &output)
            #expect(good == (number == 0 && cut.count == ciphertext.count))
        }
    }

    @Test("Ciphertexts shorter than a tag and wrong key sizes are refused")
    func refused() throws {
        for length in 0..<16 {
            let plain = try open(
                .aes128GCM, key: "be0c690b9f66575a1d766b54e368c84e", iv: "461599d35d632bf2239825bb", aad: "",
                ciphertext: Array(repeating: 0, count: length))
            #expect(plain == nil)
        }
        let short = AEADKey(.aes256GCM, key: Array(repeating: 0, count: 16), iv: Array(repeating: 0, count: 12))
        let shortIV = AEADKey(.aes128GCM, key: Array(repeating: 0, count: 16), iv: Array(repeating: 0, count: 11))
        let refusals = [short == nil, shortIV == nil]
        #expect(refusals == [true, true])
    }
}
