import StreamtopBase
import StreamtopCrypto
import StreamtopLayer
import StreamtopModel
import StreamtopWire

/// Protected DTLS records, opened with given secrets.
extension DTLSConnectionTracker {
    /// Opens one record; false when there is no key for its epoch.
    func isForKnownEpoch(_ header: DTLSRecordHeader, _ direction: Direction) -> Bool {
        guard ends[direction.index].key != nil else { return false }
        if case .unified = header.form { return ends[direction.index].keyEpoch & 3 == header.epoch }
        return ends[direction.index].keyEpoch == header.epoch
    }

    /// Opens one record; false when there is no key for it.
    mutating func open(
        _ record: DTLSDirection.Waiting, _ direction: Direction, tables: borrowing SecurityTables,
        _ now: inout Observation
    ) -> Bool {
        guard isForKnownEpoch(record.header, direction) || makeKey(record.header, direction, tables: tables) else {
            return false
        }
        var content: [UInt8] = []
        let type: UInt8?
        if case .unified(let length) = record.header.form {
            type = openUnified(record, sequenceLength: length, direction, into: &content)
        } else {
            type = openPlain(record, direction, into: &content)
        }
        guard let type else {
            ends[direction.index].failures += 1
            if ends[direction.index].failures > DTLSDirection.failureLimit { ends[direction.index].giveUp() }
            return true
        }
        ends[direction.index].failures = 0
        facts.tls.isDecrypted = true
        guard let type = TLSContentType(rawValue: type) else { return true }
        // `bytes` of a span is marked unsafe for element types with padding; UInt8 has none.
        unsafe takeContent(
            type, ByteReader(content.span.bytes), direction, at: record.time, encrypted: true, tables: tables,
            &now)
        return true
    }

    private mutating func openPlain(
        _ record: DTLSDirection.Waiting, _ direction: Direction, into content: inout [UInt8]
    ) -> UInt8? {
        let number = UInt64(record.header.epoch) << 48 | record.header.sequence
        let identifier = record.header.form == .connectionID ? facts.connectionIDs[direction.reversed] ?? [] : nil
        return unsafe ends[direction.index].key?.open(
            type: record.header.type?.rawValue ?? 0, sequence: number, header: record.headerBytes.span.bytes,
            fragment: record.fragment.span.bytes, connectionID: identifier, into: &content) ?? nil
    }

    /// Unmasks the record number and opens (RFC 9147 sections 4.2.2 and 4.2.3).
    private mutating func openUnified(
        _ record: DTLSDirection.Waiting, sequenceLength: Int, _ direction: Direction, into content: inout [UInt8]
    ) -> UInt8? {
        guard let mask = unsafe ends[direction.index].mask?.mask(sample: record.fragment.span.bytes) ?? nil else {
            return nil
        }
        var header = record.headerBytes
        // The mask's first bytes are for the number; the header's first byte is not masked.
        let bytes = [mask.first, UInt8(truncatingIfNeeded: mask.number >> 24)]
        let lengthBytes = header[0] & 0x04 != 0 ? 2 : 0
        let position = header.count - lengthBytes - sequenceLength
        guard position >= 1 else { return nil }
        var low: UInt64 = 0
        for index in 0..<sequenceLength {
            header[position + index] ^= bytes[index]
            low = low << 8 | UInt64(header[position + index])
        }
        let number = fullNumber(low, bits: 8 * sequenceLength, expected: ends[direction.index].expected)
        let type =
            unsafe ends[direction.index].key?.open(
                type: 0, sequence: number, header: header.span.bytes, fragment: record.fragment.span.bytes,
                into: &content) ?? nil
        if type != nil { ends[direction.index].expected = max(ends[direction.index].expected, number &+ 1) }
        return type
    }

    /// The number closest to the expected one that ends in the bits sent.
    private func fullNumber(_ low: UInt64, bits: Int, expected: UInt64) -> UInt64 {
        let size: UInt64 = 1 << UInt64(bits)  // bits is 8 or 16
        let candidate = (expected & ~(size - 1)) | low
        if candidate &+ size / 2 < expected { return candidate &+ size }
        if candidate > expected &+ size / 2, candidate >= size { return candidate - size }
        return candidate
    }

    /// Makes the key of the record's epoch, if its secret is known.
    private mutating func makeKey(
        _ header: DTLSRecordHeader, _ direction: Direction, tables: borrowing SecurityTables
    ) -> Bool {
        guard let secrets = tables.secrets, let random = facts.clientRandom, let known = secrets[random],
            let cipher = facts.cipher, let version = facts.version
        else { return false }
        facts.tls.hasSecrets = true
        if case .unified = header.form {
            return makeKey13(header, direction, known, cipher)
        }
        guard header.epoch == 1, let master = known[.master], let serverRandom = facts.serverRandom else {
            return false
        }
        ends[direction.index].key = RecordKey(
            masterSecret: master, clientRandom: random, serverRandom: serverRandom, cipher: cipher, version: version,
            encryptThenMAC: facts.encryptThenMAC, from: direction)
        ends[direction.index].keyEpoch = 1
        return ends[direction.index].key != nil
    }

    private mutating func makeKey13(
        _ header: DTLSRecordHeader, _ direction: Direction, _ known: ConnectionSecrets, _ cipher: RecordCipher
    ) -> Bool {
        let isClient = direction == .fromClient
        var epoch = header.epoch
        var secret: [UInt8]?
        switch epoch {
        case 1: secret = isClient ? known[.clientEarlyTraffic] : nil
        case 2: secret = isClient ? known[.clientHandshakeTraffic] : known[.serverHandshakeTraffic]
        case 3: secret = isClient ? known[.clientTraffic] : known[.serverTraffic]
        default: secret = nil
        }
        // Low bits that were in use before: a key update moved the epoch on (RFC 9147 section 6.1).
        if ends[direction.index].secretEpoch >= 3, ends[direction.index].secretEpoch & 3 != epoch {
            epoch = ends[direction.index].secretEpoch + 1
            guard epoch & 3 == header.epoch else { return false }
            secret = updatedTrafficSecret(ends[direction.index].trafficSecret, hash: cipher.hash, datagram: true)
            facts.tls.keyUpdates += 1
        }
        guard let secret, case .aead(let algorithm) = cipher.mode else { return false }
        let number = HeaderProtectionAlgorithm(algorithm)
        let maskKey = HKDF(cipher.hash).expandLabel(secret, "sn", length: number.keyLength, prefix: "dtls13")
        ends[direction.index].key = RecordKey(trafficSecret: secret, cipher: cipher, datagram: true)
        ends[direction.index].mask = HeaderProtectionKey(number, key: maskKey)
        ends[direction.index].keyEpoch = epoch
        ends[direction.index].expected = 0
        if epoch >= 3 {
            ends[direction.index].trafficSecret = secret
            ends[direction.index].secretEpoch = epoch
        }
        return ends[direction.index].key != nil
    }

    /// Holds a record for secrets that may come, or gives the direction up.
    mutating func wait(_ record: DTLSDirection.Waiting, _ direction: Direction, tables: borrowing SecurityTables) {
        let isGiven = facts.clientRandom.flatMap { tables.secrets?[$0] } != nil
        let size = record.fragment.count
        guard isGiven || tables.awaitsSecrets else {
            ends[direction.index].giveUp()
            return
        }
        // Records of an epoch without a secret are passed over: others may have one.
        guard tables.awaitsSecrets, ends[direction.index].waitingBytes + size <= DTLSDirection.waitingByteCapacity
        else {
            return
        }
        ends[direction.index].waiting.append(record)
        ends[direction.index].waitingBytes += size
        ends[direction.index].lookedAt = tables.secrets?.generation ?? 0
    }

    /// New secrets came: opens what waited for them.
    mutating func retryWaiting(tables: borrowing SecurityTables, _ now: inout Observation) {
        guard let generation = tables.secrets?.generation else { return }
        for direction in [Direction.fromServer, .fromClient]
        where !ends[direction.index].waiting.isEmpty && ends[direction.index].lookedAt != generation {
            let held = ends[direction.index].waiting
            ends[direction.index].lookedAt = generation
            ends[direction.index].waiting = []
            ends[direction.index].waitingBytes = 0
            for record in held where !open(record, direction, tables: tables, &now) {
                ends[direction.index].waiting.append(record)
                ends[direction.index].waitingBytes += record.fragment.count
            }
        }
    }
}
