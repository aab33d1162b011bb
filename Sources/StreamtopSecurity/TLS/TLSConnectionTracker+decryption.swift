import StreamtopBase
import StreamtopCrypto
import StreamtopLayer
import StreamtopModel
import StreamtopWire

/// Protected records: their shape in any case, their content with secrets.
extension TLSConnectionTracker {
    /// How many record numbers are tried after a hole.
    private static let triedNumberLimit: UInt64 = 64
    /// How many key updates may be missing together; ends update once in millions of records.
    private static let lostUpdateLimit = 2

    mutating func takeProtected(
        _ record: TLSRecordStream.Record, _ type: TLSContentType, from direction: Direction,
        tables: inout SecurityTables, _ now: inout Observation
    ) {
        noteShape(record, type, from: direction, &now)
        guard !ends[direction.index].isOpaque else { return miss(record, type, direction, &now) }
        guard record.isKept else {
            // Passed over, or holed: it has a number all the same.
            ends[direction.index].sequence &+= 1
            return miss(record, type, direction, &now)
        }
        let header = ends[direction.index].stream.header
        let fragment = ends[direction.index].stream.fragment
        if ends[direction.index].waiting.isEmpty,
            open(record, header, fragment, from: direction, tables: &tables, &now)
        {
            return
        }
        wait(TLSDirection.Waiting(record: record, header: header, fragment: fragment), direction, tables: tables)
    }

    /// What the record's size and place tell without its content.
    private mutating func noteShape(
        _ record: TLSRecordStream.Record, _ type: TLSContentType, from direction: Direction,
        _ now: inout Observation
    ) {
        let version = facts.version ?? (facts.offersEarlyData ? .tls13 : record.version)
        let expansion = facts.cipher?.expansion(of: version) ?? (version.isVersion13 ? 17 : 0)
        facts.tls.records.overheadBytes += UInt64(min(expansion, record.length))
        if version.isVersion13 {
            guard type == .applicationData else { return }
            shape.record(
                from: direction, length: record.length, at: record.start, offersEarlyData: facts.offersEarlyData,
                earlyRejected: facts.earlyDataAnswer == false, serverAnswered: facts.moments.serverHello != nil,
                overhead: expansion, finished: facts.cipher?.hash.digestLength ?? 32)
            return
        }
        switch type {
        case .handshake where facts.version != nil:
            // The first thing under new keys is the Finished, whose size is fixed (RFC 5246 section 7.4.9).
            let isFirst =
                direction == .fromClient
                ? facts.moments.clientFinished == nil : facts.moments.serverFinished == nil
            guard isFirst else { return }
            facts.finished(from: direction, at: record.start)
            facts.add(
                HandshakeStep(
                    step: .finished, from: direction, time: record.start, bytes: version == .ssl3 ? 40 : 16,
                    encrypted: true, inferred: true), &now)
        case .applicationData: facts.applicationData(from: direction, at: record.start, &now)
        case .alert where ends[direction.index].isOpaque || !facts.tls.hasSecrets:
            add(TLSAlertSnapshot(time: record.start, from: direction, level: nil, description: nil))
        default: break
        }
    }

    /// Opens one record with the direction's key; false when there is no key that does.
    private mutating func open(
        _ record: TLSRecordStream.Record, _ header: [UInt8], _ fragment: [UInt8], from direction: Direction,
        tables: inout SecurityTables, _ now: inout Observation
    ) -> Bool {
        guard case .tls(let type) = record.kind else { return false }
        guard ensureKey(direction, tables: tables) else {
            return openAfterEarlyData(type, record, header, fragment, tables: &tables, &now)
        }
        if let inner = unseal(type, header, fragment, direction) {
            takeContent(inner, record, direction, &tables, &now)
            return true
        }
        // Early data that the server refused ends without a word: the next record is under the handshake keys.
        if ends[direction.index].epoch == .early, facts.serverRandom != nil {
            ends[direction.index].enter(.handshake)
            if ensureKey(direction, tables: tables), let inner = unseal(type, header, fragment, direction) {
                takeContent(inner, record, direction, &tables, &now)
                return true
            }
            return false
        }
        if let inner = unsealAfterLostUpdate(type, header, fragment, direction) {
            takeContent(inner, record, direction, &tables, &now)
            return true
        }
        miss(record, type, direction, &now)
        ends[direction.index].failures += 1
        ends[direction.index].sequence &+= 1
        if ends[direction.index].failures > TLSDirection.failureLimit { ends[direction.index].giveUp() }
        return true  // there is a key: waiting for another would not help
    }

    /// The early data's own secret was not logged: looks for the client's first record under the handshake keys behind it.
    /// True when the record need not be kept.
    private mutating func openAfterEarlyData(
        _ type: TLSContentType, _ record: TLSRecordStream.Record, _ header: [UInt8], _ fragment: [UInt8],
        tables: inout SecurityTables, _ now: inout Observation
    ) -> Bool {
        guard ends[Direction.fromClient.index].epoch == .early, facts.serverRandom != nil,
            let random = facts.clientRandom,
            let known = tables.secrets?[random], known[.clientEarlyTraffic] == nil,
            known[.clientHandshakeTraffic] != nil
        else { return false }
        ends[Direction.fromClient.index].enter(.handshake)
        if ensureKey(.fromClient, tables: tables), let inner = unseal(type, header, fragment, .fromClient) {
            takeContent(inner, record, .fromClient, &tables, &now)
        } else {
            ends[Direction.fromClient.index].enter(.early)
        }
        return true
    }

    /// Decrypts into the direction's `content`; the inner content type, nil when it does not open.
    private mutating func unseal(
        _ type: TLSContentType, _ header: [UInt8], _ fragment: [UInt8], _ direction: Direction
    ) -> UInt8? {
        ends[direction.index].content.removeAll(keepingCapacity: true)
        let tries = ends[direction.index].afterGap ? Self.triedNumberLimit : 1
        for ahead in 0..<tries {
            let number = ends[direction.index].sequence &+ ahead
            // Taken out and put back: the array is written in place and keeps its room.
            var content: [UInt8] = []
            swap(&content, &ends[direction.index].content)
            // `bytes` of a span is marked unsafe for element types with padding; UInt8 has none.
            let inner = unsafe ends[direction.index].key?.open(
                type: type.rawValue, sequence: number, header: header.span.bytes, fragment: fragment.span.bytes,
                into: &content)
            swap(&content, &ends[direction.index].content)
            if let inner {
                ends[direction.index].sequence = number &+ 1
                ends[direction.index].afterGap = false
                ends[direction.index].failures = 0
                return inner
            }
        }
        return nil
    }

    /// A KeyUpdate may have passed in what was not captured: tries the next generations of the direction's keys, whose
    /// records count from 0. With `failureLimit` and the numbers tried this is bounded.
    private mutating func unsealAfterLostUpdate(
        _ type: TLSContentType, _ header: [UInt8], _ fragment: [UInt8], _ direction: Direction
    ) -> UInt8? {
        guard facts.isVersion13, ends[direction.index].afterGap, ends[direction.index].epoch == .application,
            let cipher = facts.cipher, !ends[direction.index].trafficSecret.isEmpty
        else { return nil }
        let known = (secret: ends[direction.index].trafficSecret, sequence: ends[direction.index].sequence)
        var secret = known.secret
        for generation in 1...Self.lostUpdateLimit {
            secret = updatedTrafficSecret(secret, hash: cipher.hash)
            ends[direction.index].key = RecordKey(trafficSecret: secret, cipher: cipher)
            ends[direction.index].sequence = 0
            guard let inner = unseal(type, header, fragment, direction) else { continue }
            ends[direction.index].trafficSecret = secret
            facts.tls.keyUpdates += generation
            return inner
        }
        ends[direction.index].key = RecordKey(trafficSecret: known.secret, cipher: cipher)
        ends[direction.index].sequence = known.sequence
        return nil
    }

    private mutating func takeContent(
        _ type: UInt8, _ record: TLSRecordStream.Record, _ direction: Direction, _ tables: inout SecurityTables,
        _ now: inout Observation
    ) {
        facts.tls.hasSecrets = true
        guard !facts.isCompressed else {
            if type == TLSContentType.alert.rawValue {
                add(TLSAlertSnapshot(time: record.start, from: direction, level: nil, description: nil))
            }
            return
        }
        facts.tls.isDecrypted = true
        let content = ends[direction.index].content
        switch TLSContentType(rawValue: type) {
        case .handshake:
            takeHandshake(content, record.start, direction, &tables, &now, encrypted: true)
        case .alert:
            guard takeAlert(content, from: direction, at: record.start), isRead, !ends[direction.index].hasEnded else {
                return
            }
            ends[direction.index].hasEnded = true
            now.deliveries.append(Delivery(direction: direction, time: record.end, content: .end))
        case .applicationData:
            let isEarly = ends[direction.index].epoch == .early
            if isEarly {
                early.take(content)
            } else if facts.isVersion13 {
                facts.applicationData(from: direction, at: record.start, &now)
            }
            // What follows a close_notify is to be ignored (RFC 8446 section 6.1).
            guard isRead, !ends[direction.index].hasEnded else { return }
            let start = now.deliveries.bytes.count
            now.deliveries.bytes.append(contentsOf: content)
            now.deliveries.appendBytes(
                from: start, like: Delivery(direction: direction, time: record.end, isEarly: isEarly, content: .end))
        default: break
        }
    }

    /// A record of application data that will not be read: a hole in what is handed up, as long as its content.
    private mutating func miss(
        _ record: TLSRecordStream.Record, _ type: TLSContentType, _ direction: Direction, _ now: inout Observation
    ) {
        guard type == .applicationData, isRead, facts.tls.isDecrypted, let version = facts.version else { return }
        let count = record.length - (facts.cipher?.expansion(of: version) ?? 0)
        guard count > 0 else { return }
        now.deliveries.append(
            Delivery(direction: direction, time: record.end, content: .gap(UInt64(count))))
    }

    /// Holds a record for secrets that may come, or gives the direction up.
    private mutating func wait(_ record: TLSDirection.Waiting, _ direction: Direction, tables: borrowing SecurityTables)
    {
        let size = record.fragment.count
        // Early data is followed by keys of its own: not being able to read it does not make the rest unreadable.
        if !tables.awaitsSecrets, ends[direction.index].epoch == .early { return }
        guard tables.awaitsSecrets, ends[direction.index].waitingBytes + size <= TLSDirection.waitingByteCapacity else {
            ends[direction.index].giveUp()
            return
        }
        ends[direction.index].waiting.append(record)
        ends[direction.index].waitingBytes += size
    }

    /// New secrets came: opens what waited for them.
    mutating func retryWaiting(tables: borrowing SecurityTables, _ now: inout Observation) {
        guard let secrets = tables.secrets,
            !ends[Direction.fromClient.index].waiting.isEmpty || !ends[Direction.fromServer.index].waiting.isEmpty
        else { return }
        let generation = secrets.generation
        var copy = copy tables
        // The server first: what it says decides how the client's records are read.
        for direction in [Direction.fromServer, .fromClient] where ends[direction.index].lookedAt != generation {
            let held = ends[direction.index].waiting
            ends[direction.index].waiting = []
            ends[direction.index].waitingBytes = 0
            for (index, record) in held.enumerated() {
                if open(record.record, record.header, record.fragment, from: direction, tables: &copy, &now) {
                    continue
                }
                ends[direction.index].waiting = Array(held[index...])
                ends[direction.index].waitingBytes = ends[direction.index].waiting.reduce(0) { $0 + $1.fragment.count }
                break
            }
        }
    }

    /// True when the direction has a key for its epoch, made now if its secret is known.
    private mutating func ensureKey(_ direction: Direction, tables: borrowing SecurityTables) -> Bool {
        if ends[direction.index].key != nil { return true }
        guard let secrets = tables.secrets, let random = facts.clientRandom,
            ends[direction.index].lookedAt != secrets.generation
        else { return false }
        ends[direction.index].lookedAt = secrets.generation
        guard let known = secrets[random] else { return false }
        facts.tls.hasSecrets = true
        if let label = secretLabel(direction) {
            // Early data is protected by the suite of the session resumed, which the server's answer must repeat; before the
            // answer the secret's length tells the hash.
            guard let secret = known[label] else { return false }
            let cipher = facts.cipher ?? RecordCipher(Self.likelySuite(secretLength: secret.count))
            ends[direction.index].trafficSecret = secret
            ends[direction.index].key = RecordKey(trafficSecret: secret, cipher: cipher)
        } else if let master = known[.master], let cipher = facts.cipher, let version = facts.version,
            let serverRandom = facts.serverRandom
        {
            ends[direction.index].key = RecordKey(
                masterSecret: master, clientRandom: random, serverRandom: serverRandom, cipher: cipher,
                version: version, encryptThenMAC: facts.encryptThenMAC, from: direction)
        }
        return ends[direction.index].key != nil
    }

    private static func likelySuite(secretLength: Int) -> TLSCipherSuite {
        TLSCipherSuite(rawValue: secretLength == 48 ? 0x1302 : 0x1301)
    }

    /// TLS 1.3: the label of the direction's epoch; nil before TLS 1.3.
    private func secretLabel(_ direction: Direction) -> SecretLabel? {
        switch (ends[direction.index].epoch, direction) {
        case (.early, _): .clientEarlyTraffic
        case (.handshake, .fromClient): .clientHandshakeTraffic
        case (.handshake, .fromServer): .serverHandshakeTraffic
        case (.application, .fromClient): facts.isVersion13 ? .clientTraffic : nil
        case (.application, .fromServer): facts.isVersion13 ? .serverTraffic : nil
        case (.plain, _): nil
        }
    }

    /// A KeyUpdate passed: the direction goes on with the next generation of its keys.
    mutating func updateKeys(_ direction: Direction) {
        guard let cipher = facts.cipher, !ends[direction.index].trafficSecret.isEmpty else { return }
        let secret = updatedTrafficSecret(ends[direction.index].trafficSecret, hash: cipher.hash)
        ends[direction.index].trafficSecret = secret
        ends[direction.index].key = RecordKey(trafficSecret: secret, cipher: cipher)
        ends[direction.index].sequence = 0
        ends[direction.index].handshake.reset()
    }
}

/// Early data as far as it was opened: its size and, from its first bytes, what was asked for.
struct EarlyDataReading: Sendable {
    /// Enough for a request line.
    private static let headLimit = 256

    private(set) var bytes: UInt64 = 0
    private(set) var head: [UInt8] = []
    /// The same hello came before, in another connection.
    var isReplayed = false

    mutating func take(_ content: [UInt8]) {
        bytes += UInt64(content.count)
        head.append(contentsOf: content.prefix(max(0, Self.headLimit - head.count)))
    }

    /// Method and path of an HTTP/1.1 request at the beginning; nil when there is none.
    var request: EarlyDataSnapshot.RequestLine? {
        let line = head.prefix { $0 != 0x0d && $0 != 0x0a }
        let words = line.split(separator: 0x20)
        guard words.count >= 2, words[0].count <= 16, words[0].allSatisfy({ (0x41...0x5a).contains($0) }) else {
            return nil
        }
        return EarlyDataSnapshot.RequestLine(
            method: String(decoding: words[0], as: UTF8.self), target: String(decoding: words[1], as: UTF8.self))
    }
}
