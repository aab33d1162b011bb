import StreamtopCrypto
import StreamtopWire

/// How a protection profile protects (RFC 3711, RFC 5764 section 4.1.2, RFC 7714 section 14.2).
package enum SRTPProtection: Equatable, Sendable {
    /// AES in counter mode and a tag of so many bytes of HMAC-SHA1; SRTCP's tag has ten with the short one too.
    case counterMode(tagLength: Int)
    case aead(AEADAlgorithm)

    /// nil for profiles that nothing here opens.
    package init?(_ profile: SRTPProfile) {
        switch profile.rawValue {
        case 1: self = .counterMode(tagLength: 10)
        case 2: self = .counterMode(tagLength: 4)
        case 7: self = .aead(.aes128GCM)
        case 8: self = .aead(.aes256GCM)
        default: return nil
        }
    }

    /// A suite of RFC 4568 and RFC 7714; nil for those that nothing here opens.
    init?(suite: String) {
        switch suite.uppercased() {
        case "AES_CM_128_HMAC_SHA1_80": self = .counterMode(tagLength: 10)
        case "AES_CM_128_HMAC_SHA1_32": self = .counterMode(tagLength: 4)
        case "AEAD_AES_128_GCM": self = .aead(.aes128GCM)
        case "AEAD_AES_256_GCM": self = .aead(.aes256GCM)
        default: return nil
        }
    }

    var keyLength: Int {
        switch self {
        case .counterMode: 16
        case .aead(let algorithm): algorithm.keyLength
        }
    }

    var saltLength: Int {
        switch self {
        case .counterMode: 14
        case .aead: 12
        }
    }
}

/// Master key and salt of one direction.
package struct SRTPMasterKey: Sendable {
    var key: [UInt8]
    var salt: [UInt8]

    /// nil where the lengths are not those of the protection.
    package init?(_ protection: SRTPProtection, key: [UInt8], salt: [UInt8]) {
        guard key.count == protection.keyLength, salt.count == protection.saltLength else { return nil }
        self.key = key
        self.salt = salt
    }

    /// What a key is for (RFC 3711 section 4.3.1 and 4.3.2).
    enum Label: UInt8 {
        case encryption = 0
        case authentication = 1
        case salting = 2
        case controlEncryption = 3
        case controlAuthentication = 4
        case controlSalting = 5
    }

    /// A session key by the AES-CM function (RFC 3711 section 4.3.3), with a key derivation rate of 0 as everybody has it.
    /// RFC 7714 section 11 fills its salt of 12 bytes up with zeros.
    func derive(_ label: Label, length: Int) -> [UInt8] {
        guard var generator = CounterModeKey(key: key) else { return [] }
        var counter = salt + [UInt8](repeating: 0, count: CounterModeKey.blockLength - salt.count)
        counter[7] ^= label.rawValue
        let zeros = [UInt8](repeating: 0, count: length)
        var output: [UInt8] = []
        // `bytes` of a span is marked unsafe for element types with padding; UInt8 has none.
        guard unsafe generator.apply(counter: counter, to: zeros.span.bytes, into: &output) else { return [] }
        return output
    }
}

extension SRTPMasterKey: CustomStringConvertible, CustomReflectable {
    package var description: String { "SRTP master key" }
    /// Nothing to reflect: a debugger dump or a failed expectation must not print keys.
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}

/// Both directions of a DTLS-SRTP session (RFC 5764 section 4.2): the exporter's output is client key, server key, client
/// salt, server salt.
package struct SRTPMasterKeys: Sendable {
    package var client: SRTPMasterKey
    package var server: SRTPMasterKey

    init?(_ protection: SRTPProtection, exported: [UInt8]) {
        let (key, salt) = (protection.keyLength, protection.saltLength)
        guard exported.count == 2 * (key + salt) else { return nil }
        func part(_ start: Int, _ length: Int) -> [UInt8] { Array(exported[start..<(start + length)]) }
        guard
            let client = SRTPMasterKey(protection, key: part(0, key), salt: part(2 * key, salt)),
            let server = SRTPMasterKey(protection, key: part(key, key), salt: part(2 * key + salt, salt))
        else { return nil }
        self.client = client
        self.server = server
    }

    /// The same with the ends exchanged.
    package var reversed: SRTPMasterKeys {
        var other = self
        (other.client, other.server) = (server, client)
        return other
    }

    static func exportedLength(_ protection: SRTPProtection) -> Int {
        2 * (protection.keyLength + protection.saltLength)
    }

    static var exporterLabel: String { "EXTRACTOR-dtls_srtp" }
}
