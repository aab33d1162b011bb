// Unsafe only in lending arrays as spans of bytes, which is marked so for element types with padding; UInt8 has none.
import StreamtopBase
import StreamtopCrypto
import StreamtopLayer
import StreamtopModel
import StreamtopSecurity
import StreamtopTestSupport
import StreamtopTransport
import StreamtopWire

/// What opening sealed packets costs the program beside what libcrypto alone needs for the same bytes, in one thread.
enum DecryptionCost {
    struct Row {
        var name: String
        /// Packets or records a second.
        var libcrypto: Double
        var streamtop: Double
        /// Bytes of one of them.
        var bytes: Int
    }

    /// Initials of new connections: keys derived from the wire, packet opened; the program also reads the ClientHello.
    static func initials(_ count: Int) -> Row {
        let packet = SealedTraffic.clientInitial()
        var scratch = [UInt8](repeating: 0, count: 2048)
        let alone = {
            let opened = RawKey.openInitial(
                packet, numberOffset: 26, destination: SealedTraffic.original, count: count, scratch: &scratch)
            precondition(opened == count, "libcrypto does not open the Initial")
        }
        var shared = QUICScratch()
        var seen = Observation()
        let observed = {
            for number in 0..<count {
                let time = Timestamp(nanoseconds: Int64(number))
                var tracker = QUICConnectionTracker(start: time)
                shared.clear()
                seen.clear()
                seen.begin(from: .fromClient, at: time)
                unsafe tracker.observe(
                    packet.span.bytes, wireLength: packet.count, ecn: 0, secrets: nil, scratch: &shared, &seen)
                precondition(shared.messages.count == 1, "the program does not open the Initial")
            }
        }
        let (raw, own) = best(alone, observed)
        return Row(
            name: "QUIC Initials", libcrypto: Double(count) / raw, streamtop: Double(count) / own,
            bytes: packet.count)
    }

    /// 1-RTT packets opened by the program's own keys, nothing read from them.
    static func opening(_ download: [SealedTraffic.Datagram]) -> Row {
        let down = download.dropFirst(2).filter { !$0.fromClient }.map(\.bytes)
        let joined = Array(down.joined())
        let lengths = down.map { UInt32($0.count) }
        let secret = SealedTraffic.secret("SERVER_TRAFFIC_SECRET_0")
        var scratch = [UInt8](repeating: 0, count: 4096)
        let key = RawKey(secret: secret, quic: true, sealing: false)
        let alone = {
            let opened = key.openPackets(
                joined, lengths: lengths, numberOffset: SealedTraffic.numberOffset, scratch: &scratch)
            precondition(opened == lengths.count, "libcrypto does not open the download")
        }
        let hkdf = HKDF(.sha256)
        let masks = HeaderProtectionKey(.aes128, key: hkdf.expandLabel(secret, "quic hp", length: 16))
        let payloads = AEADKey(
            .aes128GCM, key: hkdf.expandLabel(secret, "quic key", length: 16),
            iv: hkdf.expandLabel(secret, "quic iv", length: 12))
        guard var mask = masks, var payload = payloads else { preconditionFailure("no AES in libcrypto") }
        var plain: [UInt8] = []
        var header = [UInt8](repeating: 0, count: SealedTraffic.numberOffset + 4)
        let observed = {
            var position = 0
            for (number, length) in lengths.enumerated() {
                let packet = unsafe joined.span.bytes.extracting(position..<(position + Int(length)))
                position += Int(length)
                let offset = SealedTraffic.numberOffset
                let bits = mask.mask(sample: packet.extracting((offset + 4)..<(offset + 20)))
                var reader = ByteReader(packet)
                header[0] = reader.uint8() ^ (bits?.first ?? 0) & 0x1f
                for index in 1..<offset { header[index] = reader.uint8() }
                let unmasked = reader.uint32() ^ (bits?.number ?? 0)
                for index in 0..<4 {
                    header[offset + index] = UInt8(truncatingIfNeeded: unmasked >> UInt32(24 - 8 * index))
                }
                let count = payload.open(
                    number: UInt64(number), additionalData: unsafe header.span.bytes, ciphertext: reader.restSpan,
                    reusing: &plain)
                precondition(count != nil, "the program does not open the download")
            }
        }
        let (raw, own) = best(alone, observed)
        return Row(
            name: "QUIC 1-RTT, opened only", libcrypto: Double(lengths.count) / raw,
            streamtop: Double(lengths.count) / own, bytes: down.last?.count ?? 0)
    }

    /// 1-RTT packets of a download: opened, frames read, acknowledgments and recovery followed.
    static func oneRTT(_ download: [SealedTraffic.Datagram]) -> Row {
        let down = download.dropFirst(2).filter { !$0.fromClient }.map(\.bytes)
        let joined = Array(down.joined())
        let lengths = down.map { UInt32($0.count) }
        // Back to back as in a batch of captured frames, so that both read memory in the same way.
        let batch = Array(download.map(\.bytes).joined())
        let frames = download.map {
            (direction: $0.fromClient ? Direction.fromClient : .fromServer, count: $0.bytes.count)
        }
        var scratch = [UInt8](repeating: 0, count: 4096)
        let key = RawKey(secret: SealedTraffic.secret("SERVER_TRAFFIC_SECRET_0"), quic: true, sealing: false)
        let alone = {
            let opened = key.openPackets(
                joined, lengths: lengths, numberOffset: SealedTraffic.numberOffset, scratch: &scratch)
            precondition(opened == lengths.count, "libcrypto does not open the download")
        }
        var store = SecretStore()
        store.append(keyLogText: Array(SealedTraffic.keyLog.utf8))
        let secrets: SecretStore? = store
        var shared = QUICScratch()
        var seen = Observation()
        var acknowledged: Int?
        let observed = {
            var tracker = QUICConnectionTracker(start: Timestamp(nanoseconds: 0))
            var now: Int64 = 0
            var position = 0
            for frame in frames {
                now += 12_000
                shared.clear()
                seen.clear()
                seen.begin(from: frame.direction, at: Timestamp(nanoseconds: now))
                unsafe tracker.observe(
                    batch.span.bytes.extracting(position..<(position + frame.count)), wireLength: frame.count, ecn: 0,
                    secrets: secrets, scratch: &shared, &seen)
                position += frame.count
            }
            acknowledged = tracker.snapshot(at: Timestamp(nanoseconds: .max)).server.ackedPackets
        }
        let (raw, own) = best(alone, observed)
        precondition((acknowledged ?? 0) > down.count - 20, "the program does not open the download")
        return Row(
            name: "QUIC 1-RTT, followed", libcrypto: Double(down.count) / raw, streamtop: Double(down.count) / own,
            bytes: down.last?.count ?? 0)
    }

    /// TLS 1.3 records: the byte stream put into records, opened, its content passed over.
    static func records(_ count: Int, recordBytes: Int) -> Row {
        let sealed = SealedTraffic.records(count, recordBytes)
        var scratch = [UInt8](repeating: 0, count: recordBytes + 64)
        let key = RawKey(secret: SealedTraffic.secret("SERVER_TRAFFIC_SECRET_0"), quic: false, sealing: false)
        let alone = {
            let opened = key.openRecords(sealed, count: count, scratch: &scratch)
            precondition(opened == count, "libcrypto does not open the records")
        }
        let streams = SealedTraffic.tlsDownload(records: count, recordBytes: recordBytes)
        var seen = Observation()
        var isDecrypted = false
        let observed = {
            var tables = SecurityTables()
            tables.append(keyLog: Array(SealedTraffic.keyLog.utf8))
            var tracker = TLSConnectionTracker()
            var now: Int64 = 0
            let hello = 5 + Int(streams.client[3]) << 8 + Int(streams.client[4])
            let pieces = [
                (Direction.fromClient, Array(streams.client[..<hello])), (.fromServer, streams.server),
                (.fromClient, Array(streams.client[hello...])),
            ]
            for (direction, bytes) in pieces {
                var position = 0
                while position < bytes.count {
                    let end = min(bytes.count, position + 1448)
                    now += 12_000
                    seen.clear()
                    seen.begin(from: direction, at: Timestamp(nanoseconds: now))
                    unsafe tracker.observe(
                        bytes.span.bytes.extracting(position..<end),
                        .bytes(end - position, from: direction, at: seen.time), tables: &tables, &seen)
                    position = end
                }
            }
            isDecrypted = tracker.snapshot().isDecrypted
        }
        let (raw, own) = best(alone, observed)
        precondition(isDecrypted, "the program does not open the records")
        return Row(
            name: "TLS 1.3 records", libcrypto: Double(count) / raw, streamtop: Double(count) / own,
            bytes: recordBytes)
    }

    /// The least disturbed of nine runs of each, in turns, so that what else the machine does meets both; in seconds.
    private static func best(_ first: () -> Void, _ second: () -> Void) -> (Double, Double) {
        let clock = ContinuousClock()
        func seconds(_ work: () -> Void) -> Double {
            let time = clock.measure(work).components
            return max(1e-9, Double(time.attoseconds) / 1e18 + Double(time.seconds))
        }
        var shortest = (seconds(first), seconds(second))
        for _ in 1..<9 { shortest = (min(shortest.0, seconds(first)), min(shortest.1, seconds(second))) }
        return shortest
    }
}
