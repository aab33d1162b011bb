import StreamtopBase
import StreamtopCrypto
import StreamtopWire

/// All keys of a connection, as they become known: Initial from the wire, the others from logged secrets.
struct QUICConnectionKeys: ~Copyable {
    private var clientInitial: QUICPacketKeys?
    private var serverInitial: QUICPacketKeys?
    private var clientHandshake: QUICPacketKeys?
    private var serverHandshake: QUICPacketKeys?
    private var clientOneRTT: QUICOneRTTKeys?
    private var serverOneRTT: QUICOneRTTKeys?
    private var early: QUICPacketKeys?
    /// What the Initial keys were derived from.
    private(set) var initialVersion: QUICVersion?
    private(set) var initialDestination = QUICConnectionID()
    /// Suite that the ServerHello chose.
    private(set) var cipherSuite: UInt16?
    /// Derivations tried; a flood of false Initials must not cost a key schedule each.
    private(set) var derivations = 0
    static let derivationLimit = 64
    /// Generation of the secret store when it was last asked.
    private var askedGeneration = -1

    init() {}

    var hasOneRTT: Bool { clientOneRTT != nil || serverOneRTT != nil }
    func hasOneRTT(_ direction: Direction) -> Bool {
        direction == .fromClient ? clientOneRTT != nil : serverOneRTT != nil
    }
    func hasHandshake(_ direction: Direction) -> Bool {
        direction == .fromClient ? clientHandshake != nil : serverHandshake != nil
    }
    var hasEarly: Bool { early != nil }
    /// Key updates: both ends follow each, so the higher count of the two directions.
    private(set) var updates = 0

    /// Derives Initial keys; false when the version has none or too many were derived.
    mutating func deriveInitial(_ version: QUICVersion, destination: QUICConnectionID) -> Bool {
        guard derivations < Self.derivationLimit,
            let secrets = QUICKeySchedule.initialSecrets(version, destination: destination)
        else { return false }
        derivations += 1
        let schedule = QUICKeySchedule(initialOf: version)
        clientInitial = QUICPacketKeys(schedule, secret: secrets.client)
        serverInitial = QUICPacketKeys(schedule, secret: secrets.server)
        initialVersion = version
        initialDestination = destination
        return true
    }

    mutating func openInitial(
        _ packet: RawSpan, numberOffset: Int, direction: Direction, largest: UInt64?,
        buffers: inout QUICOpeningBuffers
    ) -> QUICOpenedPacket? {
        direction == .fromClient
            ? clientInitial?.open(packet, numberOffset: numberOffset, largest: largest, buffers: &buffers)
            : serverInitial?.open(packet, numberOffset: numberOffset, largest: largest, buffers: &buffers)
    }

    mutating func openHandshake(
        _ packet: RawSpan, numberOffset: Int, direction: Direction, largest: UInt64?,
        buffers: inout QUICOpeningBuffers
    ) -> QUICOpenedPacket? {
        direction == .fromClient
            ? clientHandshake?.open(packet, numberOffset: numberOffset, largest: largest, buffers: &buffers)
            : serverHandshake?.open(packet, numberOffset: numberOffset, largest: largest, buffers: &buffers)
    }

    mutating func openEarly(
        _ packet: RawSpan, numberOffset: Int, largest: UInt64?, buffers: inout QUICOpeningBuffers
    ) -> QUICOpenedPacket? {
        early?.open(packet, numberOffset: numberOffset, largest: largest, buffers: &buffers)
    }

    mutating func openOneRTT(
        _ packet: RawSpan, numberOffset: Int, direction: Direction, largest: UInt64?,
        buffers: inout QUICOpeningBuffers
    ) -> QUICOpenedPacket? {
        if direction == .fromClient {
            let opened = clientOneRTT?.open(
                packet, numberOffset: numberOffset, largest: largest, buffers: &buffers)
            updates = max(updates, opened?.generation ?? 0)
            return opened
        }
        let opened = serverOneRTT?.open(packet, numberOffset: numberOffset, largest: largest, buffers: &buffers)
        updates = max(updates, opened?.generation ?? 0)
        return opened
    }

    mutating func choose(cipherSuite suite: UInt16) {
        cipherSuite = suite
        askedGeneration = -1
    }

    /// Looks secrets up and makes keys of what is new; true when a key was added.
    mutating func install(from store: SecretStore, random: HelloRandom, version: QUICVersion) -> Bool {
        guard store.generation != askedGeneration, let secrets = store[random] else { return false }
        askedGeneration = store.generation
        var added = false
        if early == nil, let secret = secrets[.clientEarlyTraffic] {
            // The suite of early data is that of the ticket: the ServerHello repeats it when it accepts, and before
            // that the secret's length tells the hash. Clients and servers that log are seldom on ChaCha20.
            let suite = cipherSuite ?? (secret.count == 48 ? 0x1302 : 0x1301)
            early = QUICKeySchedule(cipherSuite: suite, version: version).flatMap { QUICPacketKeys($0, secret: secret) }
            added = early != nil
        }
        guard let suite = cipherSuite, let schedule = QUICKeySchedule(cipherSuite: suite, version: version) else {
            return added
        }
        if clientHandshake == nil, let secret = secrets[.clientHandshakeTraffic] {
            clientHandshake = QUICPacketKeys(schedule, secret: secret)
            added = true
        }
        if serverHandshake == nil, let secret = secrets[.serverHandshakeTraffic] {
            serverHandshake = QUICPacketKeys(schedule, secret: secret)
            added = true
        }
        if clientOneRTT == nil, let secret = secrets[.clientTraffic] {
            clientOneRTT = QUICOneRTTKeys(schedule, secret: secret)
            added = true
        }
        if serverOneRTT == nil, let secret = secrets[.serverTraffic] {
            serverOneRTT = QUICOneRTTKeys(schedule, secret: secret)
            added = true
        }
        return added
    }
}
