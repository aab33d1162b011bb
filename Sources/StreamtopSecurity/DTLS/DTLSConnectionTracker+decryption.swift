import StreamtopBase
import StreamtopCrypto
import StreamtopModel
import StreamtopWire

/// Protected DTLS records, opened with given secrets.
extension DTLSConnectionTracker {
    /// Opens one record; false when there is no key for its epoch.
    func isForKnownEpoch(_ header: DTLSRecordHeader, _ direction: Direction) -> Bool {
        guard self[direction].key != nil else { return false }
        if case .unified = header.form { return self[direction].keyEpoch & 3 == header.epoch }
        return self[direction].keyEpoch == header.epoch
    }

    /// Opens one record; false when there is no key for it.
    mutating func open(
        _ record: DTLSWay.Waiting, _ direction: Direction, tables: borrowing SecurityTables,
        events: inout [FlowEvent.Kind]
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
            self[direction].failures += 1
            if self[direction].failures > DTLSWay.mostFailures { self[direction].giveUp() }
            return true
        }
        self[direction].failures = 0
        facts.tls.isDecrypted = true
        guard let type = TLSContentType(rawValue: type) else { return true }
        // `bytes` of a span is marked unsafe for element types with padding; UInt8 has none.
        unsafe takeContent(
            type, ByteReader(content.span.bytes), direction, at: record.time, encrypted: true, tables: tables,
            events: &events)
        return true
    }

    private mutating func openPlain(
        _ record: DTLSWay.Waiting, _ direction: Direction, into content: inout [UInt8]
    ) -> UInt8? {
        let number = UInt64(record.header.epoch) << 48 | record.header.sequence
        let identifier = record.header.form == .connectionID ? facts.connectionIDs[direction.reversed] ?? [] : nil
        return unsafe self[direction].key?.open(
            type: record.header.type?.rawValue ?? 0, sequence: number, header: record.headerBytes.span.bytes,
            fragment: record.fragment.span.bytes, connectionID: identifier, into: &content) ?? nil
    }

    /// Unmasks the record number and opens (RFC 9147 sections 4.2.2 and 4.2.3).
    private mutating func openUnified(
        _ record: DTLSWay.Waiting, sequenceLength: Int, _ direction: Direction, into content: inout [UInt8]
    ) -> UInt8? {
        guard let mask = unsafe self[direction].mask?.mask(sample: record.fragment.span.bytes) ?? nil else {
            return nil
        }
        var header = record.headerBytes
        // The mask's first bytes are for the number; the header's first byte is not masked.
        let bytes = [mask.first, UInt8(truncatingIfNeeded: mask.number >> 24)]
        let lengthBytes = header[0] & 0x04 != 0 ? 2 : 0
        let place = header.count - lengthBytes - sequenceLength
        guard place >= 1 else { return nil }
        var low: UInt64 = 0
        for index in 0..<sequenceLength {
            header[place + index] ^= bytes[index]
            low = low << 8 | UInt64(header[place + index])
        }
        let number = fullNumber(low, bits: 8 * sequenceLength, expected: self[direction].expected)
        let type =
            unsafe self[direction].key?.open(
                type: 0, sequence: number, header: header.span.bytes, fragment: record.fragment.span.bytes,
                into: &content) ?? nil
        if type != nil { self[direction].expected = max(self[direction].expected, number &+ 1) }
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
        self[direction].key = RecordKey(
            masterSecret: master, clientRandom: random, serverRandom: serverRandom, cipher: cipher, version: version,
            encryptThenMAC: facts.encryptThenMAC, from: direction)
        self[direction].keyEpoch = 1
        return self[direction].key != nil
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
        if self[direction].secretEpoch >= 3, self[direction].secretEpoch & 3 != epoch {
            epoch = self[direction].secretEpoch + 1
            guard epoch & 3 == header.epoch else { return false }
            secret = updatedTrafficSecret(self[direction].trafficSecret, hash: cipher.hash, datagram: true)
            facts.tls.keyUpdates += 1
        }
        guard let secret, case .aead(let algorithm) = cipher.mode else { return false }
        let number = HeaderProtectionAlgorithm(algorithm)
        let maskKey = HKDF(cipher.hash).expandLabel(secret, "sn", length: number.keyLength, prefix: "dtls13")
        self[direction].key = RecordKey(trafficSecret: secret, cipher: cipher, datagram: true)
        self[direction].mask = HeaderProtectionKey(number, key: maskKey)
        self[direction].keyEpoch = epoch
        self[direction].expected = 0
        if epoch >= 3 {
            self[direction].trafficSecret = secret
            self[direction].secretEpoch = epoch
        }
        return self[direction].key != nil
    }

    /// Holds a record for secrets that may come, or gives the direction up.
    mutating func wait(_ record: DTLSWay.Waiting, _ direction: Direction, tables: borrowing SecurityTables) {
        let isGiven = facts.clientRandom.flatMap { tables.secrets?[$0] } != nil
        let size = record.fragment.count
        guard isGiven || tables.awaitsSecrets else {
            self[direction].giveUp()
            return
        }
        // Records of an epoch without a secret are passed over: others may have one.
        guard tables.awaitsSecrets, self[direction].waitingBytes + size <= DTLSWay.mostWaitingBytes else { return }
        self[direction].waiting.append(record)
        self[direction].waitingBytes += size
        self[direction].lookedAt = tables.secrets?.generation ?? 0
    }

    /// New secrets came: opens what waited for them.
    mutating func retryWaiting(tables: borrowing SecurityTables, events: inout [FlowEvent.Kind]) {
        guard let generation = tables.secrets?.generation else { return }
        for direction in [Direction.fromServer, .fromClient]
        where !self[direction].waiting.isEmpty && self[direction].lookedAt != generation {
            let held = self[direction].waiting
            self[direction].lookedAt = generation
            self[direction].waiting = []
            self[direction].waitingBytes = 0
            for record in held where !open(record, direction, tables: tables, events: &events) {
                self[direction].waiting.append(record)
                self[direction].waitingBytes += record.fragment.count
            }
        }
    }
}
