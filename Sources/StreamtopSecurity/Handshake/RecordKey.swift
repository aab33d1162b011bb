import StreamtopBase
import StreamtopCrypto
import StreamtopWire

/// One direction's key for the records of one epoch; opens TLS and DTLS records of every version.
struct RecordKey: ~Copyable, Sendable {
    private enum Form { case version13, version12, cbc, null }

    private let form: Form
    private var aead: AEADKey?
    private var cbc: CBCKey?
    private let macHash: HashAlgorithm
    private let macKey: [UInt8]
    /// The nonce's last 8 bytes travel in the record (RFC 5288 section 3); ChaCha20 has none (RFC 7905).
    private let hasExplicitNonce: Bool
    private let encryptThenMAC: Bool
    private let version: TLSVersion
    /// TLS 1.0: the last block of the record before is the IV.
    private var chainedIV: [UInt8]

    /// Keys of TLS or DTLS 1.3 from a traffic secret (RFC 8446 section 7.3).
    init?(trafficSecret: [UInt8], cipher: RecordCipher, datagram: Bool = false) {
        guard case .aead(let algorithm) = cipher.mode, trafficSecret.count == cipher.hash.digestLength else {
            return nil
        }
        let hkdf = HKDF(cipher.hash)
        let prefix = datagram ? "dtls13" : "tls13 "
        let key = hkdf.expandLabel(trafficSecret, "key", length: algorithm.keyLength, prefix: prefix)
        let iv = hkdf.expandLabel(trafficSecret, "iv", length: AEADKey.nonceLength, prefix: prefix)
        guard let aead = AEADKey(algorithm, key: key, iv: iv) else { return nil }
        form = .version13
        self.aead = consume aead
        cbc = nil
        macHash = cipher.hash
        macKey = []
        hasExplicitNonce = false
        encryptThenMAC = false
        version = .tls13
        chainedIV = []
    }

    /// Keys of TLS or DTLS up to 1.2 from the master secret (RFC 5246 section 6.3).
    init?(
        masterSecret: [UInt8], clientRandom: HelloRandom, serverRandom: HelloRandom, cipher: RecordCipher,
        version: TLSVersion, encryptThenMAC: Bool, from direction: Direction
    ) {
        let keyLength: Int
        let ivLength: Int
        let macLength: Int
        var macHash = HashAlgorithm.sha1
        let isFirst = version == .tls10
        switch cipher.mode {
        case .aead(let algorithm):
            keyLength = algorithm.keyLength
            ivLength = algorithm == .chaCha20Poly1305 ? 12 : 4
            macLength = 0
        case .cbc(let length, let mac):
            keyLength = length
            ivLength = isFirst ? 16 : 0
            macLength = mac.digestLength
            macHash = mac
        case .null(let mac):
            keyLength = 0
            ivLength = 0
            macLength = mac.digestLength
            macHash = mac
        case .unsupported: return nil
        }
        let isOld = version == .tls10 || version == .tls11 || version == .dtls10
        guard isOld || version == .tls12 || version == .dtls12 else { return nil }
        let prf: TLSPseudorandomFunction = isOld ? .md5AndSHA1 : .hash(cipher.hash)
        let block = prf.derive(
            secret: masterSecret, label: "key expansion", seed: serverRandom.bytes + clientRandom.bytes,
            length: 2 * (macLength + keyLength + ivLength))
        guard block.count == 2 * (macLength + keyLength + ivLength) else { return nil }
        // client MAC, server MAC, client key, server key, client IV, server IV
        let index = direction == .fromClient ? 0 : 1
        func part(_ start: Int, _ length: Int) -> [UInt8] {
            Array(block[(start + index * length)..<(start + (index + 1) * length)])
        }
        let key = part(2 * macLength, keyLength)
        let iv = part(2 * (macLength + keyLength), ivLength)
        var aead: AEADKey?
        var cbc: CBCKey?
        var form = Form.null
        if case .aead(let algorithm) = cipher.mode {
            let full = iv + [UInt8](repeating: 0, count: AEADKey.nonceLength - ivLength)
            aead = AEADKey(algorithm, key: key, iv: full)
            form = .version12
        } else if case .cbc = cipher.mode {
            cbc = CBCKey(key: key)
            form = .cbc
        }
        self.form = form
        self.aead = consume aead
        self.cbc = consume cbc
        self.macHash = macHash
        macKey = part(0, macLength)
        self.version = version
        self.encryptThenMAC = encryptThenMAC
        hasExplicitNonce = form == .version12 && ivLength == 4
        chainedIV = isFirst ? iv : []
    }

    /// Opens a record and appends its content to `output`; returns the content's type, nil when it does not open.
    ///
    /// - Parameters:
    ///   - sequence: the record's number; in DTLS up to 1.2 with the epoch in its top 16 bits.
    ///   - header: the header as sent; what TLS 1.3 authenticates.
    ///   - connectionID: DTLS 1.2 records with a connection ID authenticate it (RFC 9146 section 5).
    mutating func open(
        type: UInt8, sequence: UInt64, header: RawSpan, fragment: RawSpan, connectionID: [UInt8]? = nil,
        into output: inout [UInt8]
    ) -> UInt8? {
        switch form {
        case .version13: return open13(sequence, header, fragment, &output)
        case .version12: return open12(type, sequence, fragment, connectionID, &output)
        case .cbc: return openCBC(type, sequence, fragment, &output)
        case .null: return openNull(type, sequence, fragment, &output)
        }
    }

    private mutating func open13(
        _ sequence: UInt64, _ header: RawSpan, _ fragment: RawSpan, _ output: inout [UInt8]
    ) -> UInt8? {
        let start = output.count
        let opened = aead?.open(number: sequence, additionalData: header, ciphertext: fragment, into: &output) ?? false
        return opened ? innerType(&output, from: start) : nil
    }

    /// TLSInnerPlaintext: content, type, zeros (RFC 8446 section 5.2).
    private func innerType(_ output: inout [UInt8], from start: Int) -> UInt8? {
        while output.count > start, output.last == 0 { output.removeLast() }
        guard output.count > start else { return nil }
        return output.removeLast()
    }

    private mutating func open12(
        _ type: UInt8, _ sequence: UInt64, _ fragment: RawSpan, _ connectionID: [UInt8]?, _ output: inout [UInt8]
    ) -> UInt8? {
        let overhead = (aead?.algorithm.tagLength ?? 0) + (hasExplicitNonce ? 8 : 0)
        guard fragment.byteCount >= overhead else { return nil }
        var reader = ByteReader(fragment)
        let number = hasExplicitNonce ? reader.uint64() : sequence
        let length = fragment.byteCount - overhead
        let extra = additionalData(type, sequence, length: length, connectionID)
        let start = output.count
        // `bytes` of a span is marked unsafe for element types with padding; UInt8 has none.
        let sealed = reader.restSpan
        let opened = unsafe aead?.open(
            number: number, additionalData: extra.span.bytes, ciphertext: sealed, into: &output)
        guard opened == true else { return nil }
        return connectionID == nil ? type : innerType(&output, from: start)
    }

    /// `seq_num type version length` (RFC 5246 section 6.2.3.3), or its form with a connection ID (RFC 9146 section 5.3).
    private func additionalData(_ type: UInt8, _ sequence: UInt64, length: Int, _ connectionID: [UInt8]?) -> [UInt8] {
        let versionBytes = bigEndian(UInt64(version.rawValue), 2)
        let lengthBytes = bigEndian(UInt64(length), 2)
        guard let connectionID else { return bigEndian(sequence, 8) + [type] + versionBytes + lengthBytes }
        let placeholder = [UInt8](repeating: 0xff, count: 8)
        return placeholder + [25, UInt8(truncatingIfNeeded: connectionID.count), 25] + versionBytes
            + bigEndian(sequence, 8) + connectionID + lengthBytes
    }

    private mutating func openCBC(
        _ type: UInt8, _ sequence: UInt64, _ fragment: RawSpan, _ output: inout [UInt8]
    ) -> UInt8? {
        let macLength = macHash.digestLength
        let tail = encryptThenMAC ? macLength : 0
        var reader = ByteReader(fragment)
        let hasOwnIV = chainedIV.isEmpty
        guard fragment.byteCount >= tail + CBCKey.blockLength * (hasOwnIV ? 2 : 1) else { return nil }
        if encryptThenMAC {
            var whole = ByteReader(fragment)
            let sealed = whole.copy(fragment.byteCount - tail)
            guard mac(type, sequence, sealed) == whole.copy(tail) else { return nil }
        }
        let iv = hasOwnIV ? reader.copy(CBCKey.blockLength) : chainedIV
        let body = reader.reader(of: reader.remaining - tail)
        let start = output.count
        guard cbc?.decrypt(iv: iv, ciphertext: body.restSpan, into: &output) ?? false else { return nil }
        if !hasOwnIV {
            var last = body
            last.skip(last.remaining - CBCKey.blockLength)
            chainedIV = last.copy(CBCKey.blockLength)
        }
        // GenericBlockCipher ends in padding_length bytes of that value, and the length itself.
        let padding = Int(output.last ?? 0) + 1
        let available = output.count - start - (encryptThenMAC ? 0 : macLength)
        guard padding <= available, output.suffix(padding).allSatisfy({ Int($0) + 1 == padding }) else {
            output.removeLast(output.count - start)
            return nil
        }
        output.removeLast(padding)
        if encryptThenMAC { return type }
        let sent = Array(output.suffix(macLength))
        output.removeLast(macLength)
        guard mac(type, sequence, Array(output[start...])) == sent else {
            output.removeLast(output.count - start)
            return nil
        }
        return type
    }

    private func openNull(
        _ type: UInt8, _ sequence: UInt64, _ fragment: RawSpan, _ output: inout [UInt8]
    ) -> UInt8? {
        guard fragment.byteCount >= macHash.digestLength else { return nil }
        var reader = ByteReader(fragment)
        let content = reader.copy(fragment.byteCount - macHash.digestLength)
        guard mac(type, sequence, content) == reader.copy(macHash.digestLength) else { return nil }
        output += content
        return type
    }

    /// MAC(write_key, seq_num + type + version + length + content) (RFC 5246 section 6.2.3.1, RFC 7366 section 3).
    private func mac(_ type: UInt8, _ sequence: UInt64, _ content: [UInt8]) -> [UInt8] {
        let head =
            bigEndian(sequence, 8) + [type] + bigEndian(UInt64(version.rawValue), 2)
            + bigEndian(UInt64(content.count), 2)
        return macHash.hmac(key: macKey, head, content)
    }
}

/// The low `count` bytes of a number, most significant first.
func bigEndian(_ number: UInt64, _ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: number >> (8 * UInt64(count - 1 - $0))) }
}

/// The traffic secret after a KeyUpdate (RFC 8446 section 7.2).
func updatedTrafficSecret(_ secret: [UInt8], hash: HashAlgorithm, datagram: Bool = false) -> [UInt8] {
    HKDF(hash).expandLabel(
        secret, "traffic upd", length: hash.digestLength, prefix: datagram ? "dtls13" : "tls13 ")
}
