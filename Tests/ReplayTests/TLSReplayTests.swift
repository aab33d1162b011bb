import Foundation
import StreamtopBase
import StreamtopCapture
import StreamtopEngine
import StreamtopModel
import Testing

/// Whole captures of TLS through reader, engine and trackers. What the peers agreed on is known from their own output.
@Suite struct TLSReplayTests {
    private static let fixtures = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures")

    /// The TLS facts of every flow of a fixture, by first packet.
    private func connections(_ name: String, withSecrets: Bool) throws -> [TLSSnapshot] {
        let source = try CaptureFileSource(path: Self.fixtures.appending(path: "\(name)/capture.pcapng").path())
        var engine = EngineGroup()
        var batch = FrameBatch()
        while try source.read(into: &batch) == .frames {
            for secrets in source.takeSecrets() where withSecrets && secrets.kind == .tlsKeyLog {
                engine.append(keyLog: secrets.bytes)
                engine.endKeyLog()
            }
            engine.ingest(batch)
        }
        engine.finish()
        var found: [TLSSnapshot] = []
        engine.forEachFinalFlow { flow in
            // Only early data holds a request here: the rest is no HTTP.
            let isRequest = withSecrets && flow.tls?.earlyData?.accepted == true
            #expect(flow.protocols == ["ipv4", "tcp", "tls"] + (isRequest ? ["http/1.1"] : []))
            if let tls = flow.tls { found.append(tls) }
        }
        return found
    }

    @Test("Early data: taken, and known to be taken even without secrets", arguments: [true, false])
    func earlyData(_ withSecrets: Bool) throws {
        let found = try connections("tls13-0rtt", withSecrets: withSecrets)
        #expect(found.map(\.handshake.kind) == [.full, .zeroRTT])
        #expect(found.map(\.handshake.roundTrips) == [1, 0])
        #expect(found.last?.earlyData?.accepted == true)
        #expect(found.last?.earlyData?.bytes == 1500)
        #expect(found.allSatisfy { $0.isDecrypted == withSecrets })
        #expect(found.allSatisfy { $0.alpn == (withSecrets ? "http/1.1" : nil) })
    }

    @Test("TLS 1.2 with RSA and CBC: two round trips, opened with the master secret")
    func cbc() throws {
        let found = try connections("tls12-rsa-cbc", withSecrets: true)
        let tls = try #require(found.first)
        #expect(tls.version == "1.2" && tls.cipherSuite == "TLS_RSA_WITH_AES_128_CBC_SHA256")
        #expect(tls.handshake.kind == .full && tls.handshake.roundTrips == 2)
        let duration = try #require(tls.handshake.duration)
        #expect(duration > .milliseconds(59) && duration < .milliseconds(105))
        #expect(tls.isDecrypted && tls.alerts.contains { $0.description == "close_notify" })
        #expect(tls.handshake.timeline.count { $0.step == .finished } == 2)
    }

    @Test("HelloRetryRequest costs a round trip", arguments: [true, false])
    func helloRetry(_ withSecrets: Bool) throws {
        let tls = try #require(try connections("tls13-hrr", withSecrets: withSecrets).first)
        #expect(tls.handshake.kind == .helloRetry && tls.handshake.roundTrips == 2)
        #expect(tls.handshake.timeline.count { $0.step == .clientHello } == 2)
    }

    @Test("A client certificate is seen with secrets, and not guessed at without")
    func clientCertificate() throws {
        #expect(try connections("tls13-client-cert", withSecrets: true).first?.clientCertificate == true)
        let blind = try #require(try connections("tls13-client-cert", withSecrets: false).first)
        #expect(blind.clientCertificate == nil && blind.certificates.isEmpty && !blind.isDecrypted)
    }

    @Test("DTLS 1.2 with the secrets in the file: cookie, SRTP profile, and inside", arguments: [true, false])
    func datagrams(_ withSecrets: Bool) throws {
        let source = try CaptureFileSource(path: Self.fixtures.appending(path: "dtls12-cookie/capture.pcapng").path())
        var engine = EngineGroup()
        var batch = FrameBatch()
        while try source.read(into: &batch) == .frames {
            for secrets in source.takeSecrets() where withSecrets && secrets.kind == .tlsKeyLog {
                engine.append(keyLog: secrets.bytes)
                engine.endKeyLog()
            }
            engine.ingest(batch)
        }
        engine.finish()
        var found: [DTLSSnapshot] = []
        engine.forEachFinalFlow { if let dtls = $0.dtls { found.append(dtls) } }
        let dtls = try #require(found.first)
        #expect(found.count == 1 && dtls.cookie && dtls.srtpProfile == "SRTP_AES128_CM_HMAC_SHA1_80")
        #expect(dtls.tls.handshake.kind == .full && dtls.tls.handshake.roundTrips == 3)
        #expect(dtls.tls.isDecrypted == withSecrets)
        // The Finished messages and the closing alerts are encrypted.
        let finished = dtls.tls.handshake.timeline.filter { $0.step == .finished }
        #expect(finished.map(\.inferred) == [!withSecrets, !withSecrets] && finished.allSatisfy { $0.bytes == 24 })
        #expect(dtls.tls.alerts.contains { $0.description == "close_notify" } == withSecrets)
    }

    @Test("QUIC: secrets that come after the first packets open those too", arguments: [true, false])
    func lateSecrets(_ awaits: Bool) throws {
        let source = try CaptureFileSource(path: Self.fixtures.appending(path: "quic-retry/capture.pcapng").path())
        var engine = EngineGroup()
        engine.awaitSecrets(awaits)
        var batch = FrameBatch()
        var log: [UInt8] = []
        var count = 0
        while try source.read(into: &batch) == .frames {
            log += source.takeSecrets().filter { $0.kind == .tlsKeyLog }.flatMap(\.bytes)
            for frame in batch.frames {
                count += 1
                // The server's handshake has passed by then.
                if count == 8 {
                    engine.append(keyLog: log)
                    engine.endKeyLog()
                }
                var one = batch
                one.frames = [frame]
                engine.ingest(one)
            }
        }
        engine.finish()
        var found: [FlowSnapshot] = []
        engine.forEachFinalFlow { found.append($0) }
        let flow = try #require(found.first)
        #expect(found.count == 1 && flow.quic?.isDecrypted == true)
        #expect((flow.tls?.alpn != nil) == awaits)
        let isRead = flow.tls?.handshake.timeline.contains { $0.step == .encryptedExtensions && !$0.inferred }
        #expect(isRead == awaits)
    }
}
