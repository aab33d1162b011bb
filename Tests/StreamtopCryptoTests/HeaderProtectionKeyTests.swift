import StreamtopTestSupport
import Testing

@testable import StreamtopCrypto

@Suite struct HeaderProtectionKeyTests {
    private func mask(_ algorithm: HeaderProtectionAlgorithm, key: String, sample: String) throws -> String? {
        var protection = try requireOwned(HeaderProtectionKey(algorithm, key: [UInt8](hex: key)))
        let mask = unsafe protection.mask(sample: [UInt8](hex: sample).span.bytes)
        guard let mask else { return nil }
        let number = (0..<4).map { UInt8(truncatingIfNeeded: mask.number >> (24 - 8 * UInt32($0))) }
        return ([mask.first] + number).hex
    }

    @Test("RFC 9001 A.2 and A.3: AES masks of the Initial packets")
    func aes() throws {
        let client = "9f50449e04a0e810283a1e9933adedd2"
        #expect(try mask(.aes128, key: client, sample: "d1b1c98dd7689fb8ec11d242b123dc9b") == "437b9aec36")
        let server = "c206b8d9b9f0f37644430b490eeaa314"
        #expect(try mask(.aes128, key: server, sample: "2cd0991cd25b0aac406a5816b6394100") == "2ec0d8356a")
    }

    @Test("RFC 9001 A.5: ChaCha20 mask, and the same key twice")
    func chaCha20() throws {
        let key = "25a282b9e82f06f21f488917a4fc8f1b73573685608597d0efcb076b0ab7a7a4"
        for _ in 0..<2 {
            #expect(try mask(.chaCha20, key: key, sample: "5e5cd55c41f69080575d7999c25a5bfb") == "aefefe7d03")
        }
    }

    @Test("A sample that is cut short has no mask")
    func shortSample() throws {
        #expect(
            try mask(.aes128, key: "9f50449e04a0e810283a1e9933adedd2", sample: "d1b1c98dd7689fb8ec11d242b123dc") == nil)
    }
}
