import StreamtopBase

/// Which secret a key log line carries (draft-ietf-tls-keylogfile; the NSS key log format).
package enum SecretLabel: UInt8, Sendable, CaseIterable {
    /// TLS 1.2 and before: the master secret.
    case master
    case clientEarlyTraffic, clientHandshakeTraffic, serverHandshakeTraffic, clientTraffic, serverTraffic
    case exporter, earlyExporter

    /// nil for labels that are of no use to an observer. QUIC drafts logged with a prefix of their own.
    init?(_ text: some StringProtocol) {
        let name = text.hasPrefix("QUIC_") ? text.dropFirst(5) : text[...]
        switch name {
        case "CLIENT_RANDOM": self = .master
        case "CLIENT_EARLY_TRAFFIC_SECRET": self = .clientEarlyTraffic
        case "CLIENT_HANDSHAKE_TRAFFIC_SECRET": self = .clientHandshakeTraffic
        case "SERVER_HANDSHAKE_TRAFFIC_SECRET": self = .serverHandshakeTraffic
        case "CLIENT_TRAFFIC_SECRET_0": self = .clientTraffic
        case "SERVER_TRAFFIC_SECRET_0": self = .serverTraffic
        case "EXPORTER_SECRET": self = .exporter
        case "EARLY_EXPORTER_SECRET": self = .earlyExporter
        default: return nil
        }
    }
}

/// The secrets of one connection, as far as they are known. Never printed.
package struct ConnectionSecrets: Sendable {
    private var values: [[UInt8]?] = Array(repeating: nil, count: SecretLabel.allCases.count)

    package init() {}

    /// The secret's bytes, nil when not logged.
    package subscript(_ label: SecretLabel) -> [UInt8]? {
        get { values[Int(label.rawValue)] }
        set { values[Int(label.rawValue)] = newValue }
    }
}

extension ConnectionSecrets: CustomStringConvertible, CustomReflectable {
    package var description: String { "secrets (\(values.count { $0 != nil }))" }
    /// Nothing to reflect: a debugger dump or a failed expectation must not print keys.
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}

/// Secrets from key logs and Decryption Secrets Blocks, found by the client's random.
///
/// Text arrives in pieces (`append(keyLogText:)`), cut anywhere. A line that is not a key log line is skipped and counted.
/// Holds at most `capacity` connections; the oldest goes first.
package struct SecretStore: Sendable {
    /// 32 bytes of random, up to 8 secrets of 48 bytes: 100,000 connections stay under 100 MB at the very worst and
    /// near 30 MB with what TLS 1.3 logs.
    package static let defaultCapacity = 100_000
    /// The longest useful line is a label of 31, two spaces, 64 and 96 hex digits.
    static let lineLimit = 1024

    /// Grows with every secret stored; a tracker that waits looks again only when it moved.
    package private(set) var generation = 0
    /// Lines that are neither comment nor key log line.
    package private(set) var unreadableLines = 0
    private var connections: BoundedMap<HelloRandom, ConnectionSecrets>
    private var partialLine: [UInt8] = []
    private var skippingLongLine = false

    package init(capacity: Int = SecretStore.defaultCapacity) {
        connections = BoundedMap(capacity: capacity)
    }

    package var isEmpty: Bool { connections.isEmpty }
    /// Connections with at least one secret.
    package var count: Int { connections.count }
    /// Connections that were forgotten for others.
    package var evicted: Int { Int(clamping: connections.evicted) }

    package subscript(_ random: HelloRandom) -> ConnectionSecrets? { connections[random] }

    /// Takes a piece of key log text; lines end in LF or CR LF and may span pieces.
    package mutating func append(keyLogText piece: [UInt8]) {
        for byte in piece {
            if byte == UInt8(ascii: "\n") {
                if !skippingLongLine { take(line: partialLine) }
                partialLine.removeAll(keepingCapacity: true)
                skippingLongLine = false
            } else if partialLine.count < Self.lineLimit {
                partialLine.append(byte)
            } else if !skippingLongLine {
                skippingLongLine = true
                unreadableLines += 1
            }
        }
    }

    /// The text ended: takes a last line without a line feed (a file's end, the end of a secrets block).
    package mutating func endOfText() {
        if !skippingLongLine, !partialLine.isEmpty { take(line: partialLine) }
        partialLine.removeAll(keepingCapacity: true)
        skippingLongLine = false
    }

    /// Stores one secret.
    package mutating func insert(_ secret: [UInt8], as label: SecretLabel, for random: HelloRandom) {
        connections.update(random, initial: ConnectionSecrets()) { $0[label] = secret }
        generation += 1
    }

    private mutating func take(line: [UInt8]) {
        var parts = line.split(whereSeparator: { $0 == 0x20 || $0 == 0x09 || $0 == 0x0d })[...]
        guard let first = parts.popFirst(), first.first != UInt8(ascii: "#") else { return }
        guard let label = String(validating: first, as: UTF8.self) else {
            unreadableLines += 1
            return
        }
        guard let kind = SecretLabel(label) else {
            // Other labels of the format (ECH, RSA, traffic secrets of later generations) are none of our business.
            if parts.count != 2 { unreadableLines += 1 }
            return
        }
        guard parts.count == 2, let random = hexBytes(parts[parts.startIndex]).flatMap(HelloRandom.init),
            let secret = hexBytes(parts[parts.startIndex + 1]), (16...64).contains(secret.count)
        else {
            unreadableLines += 1
            return
        }
        insert(secret, as: kind, for: random)
    }
}

extension SecretStore: CustomStringConvertible, CustomReflectable {
    package var description: String { "secrets of \(count) connections" }
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}

/// Bytes of an even number of hex digits; nil otherwise.
private func hexBytes(_ text: ArraySlice<UInt8>) -> [UInt8]? {
    guard text.count % 2 == 0 else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.count / 2)
    var high: UInt8?
    for digit in text {
        let value: UInt8
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): value = digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): value = digit - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): value = digit - UInt8(ascii: "A") + 10
        default: return nil
        }
        if let top = high {
            bytes.append(top << 4 | value)
            high = nil
        } else {
            high = value
        }
    }
    return bytes
}
