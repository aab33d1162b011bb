import StreamtopBase
import StreamtopCrypto
import StreamtopLayer
import StreamtopModel
import StreamtopTestSupport
import StreamtopWire
import Testing

@testable import StreamtopTransport

@Suite struct QUICConnectionTrackerTests {
    private static let serverInitial = [UInt8](
        hex: """
            cf000000010008f067a5502a4262b5004075c0d95a482cd0991cd25b0aac406a5816b6394100f37a1c69797554780bb38cc5a99f5e
            de4cf73c3ec2493a1839b3dbcba3f6ea46c5b7684df3548e7ddeb9c3bf9c73cc3f3bded74b562bfb19fb84022f8ef4cdd93795d77d
            06edbb7aaf2f58891850abbdca3d20398c276456cbc42158407dd074ee
            """)
    private static let retry = [UInt8](hex: "ff000000010008f067a5502a4262b5746f6b656e04a265ba2eff4d829058fb3f0f2496ba")

    private struct Play: ~Copyable {
        var tracker = QUICConnectionTracker(start: Timestamp(nanoseconds: 0))
        var scratch = QUICScratch()
        var seen = Observation()
        var events: [FlowEvent.Kind] { seen.events }
        let secrets: SecretStore? = nil

        mutating func show(
            _ bytes: [UInt8], _ direction: Direction, at milliseconds: Int64, wireLength: Int? = nil
        ) {
            scratch.clear()
            seen.signals = []
            seen.begin(from: direction, at: Timestamp(nanoseconds: .milliseconds(milliseconds)))
            tracker.observe(
                unsafe bytes.span.bytes, wireLength: wireLength ?? bytes.count, ecn: 2, secrets: secrets,
                scratch: &scratch, &seen)
        }
    }

    @Test func theHandshakeOfTheRFC() throws {
        var play = Play()
        play.show(QUICVectors.clientInitial, .fromClient, at: 0)
        #expect(
            play.seen.signals.contains { if case .handshakeStep(.initial, .fromClient, _) = $0 { true } else { false } }
        )
        #expect(play.scratch.messages.count == 1)
        let hello = try #require(play.scratch.messages.first)
        #expect(hello.level == .initial)
        #expect(play.scratch.bytes(of: hello).count == 241)
        play.show(Self.serverInitial, .fromServer, at: 30)
        #expect(!play.seen.signals.contains(.clientIs(.fromServer)))
        #expect(play.scratch.messages.count == 1)
        let quic = play.tracker.snapshot(at: Timestamp(nanoseconds: .max))
        #expect(quic.version == "1")
        #expect(quic.originalDestinationID == "8394c8f03e515708")
        #expect(quic.serverConnectionIDs == ["f067a5502a4262b5"])
        #expect(quic.packets.initial == 2)
        #expect(quic.packets.undecryptable == 0)
        #expect(quic.clientParameters.contains(QUICParameter(name: "initial_max_streams_bidi", value: .number(16))))
        // The server's ACK is of packet 0, which never passed: no round trip may come of it.
        #expect(play.tracker.roundTrip.server == nil)
        #expect(quic.server.lostPackets == nil)
        #expect(quic.server.inFlight == nil)
        #expect(quic.keyUpdates == nil)
        #expect(!quic.isDecrypted)
    }

    @Test func retryIsCheckedAndTimed() {
        var play = Play()
        play.show(QUICVectors.clientInitial, .fromClient, at: 0)
        play.show(Self.retry, .fromServer, at: 25)
        let quic = play.tracker.snapshot(at: Timestamp(nanoseconds: .max))
        #expect(quic.hasRetry)
        #expect(quic.isRetryTagValid == true)
        #expect(quic.packets.retry == 1)
        #expect(play.tracker.roundTrip.server?.minimum == .milliseconds(25))
        #expect(play.tracker.roundTrip.server?.source == .quicHandshake)
        var forged = Play()
        forged.show(QUICVectors.clientInitial, .fromClient, at: 0)
        forged.show(Self.retry.dropLast() + [0], .fromServer, at: 25)
        #expect(!forged.tracker.snapshot(at: Timestamp(nanoseconds: .max)).hasRetry)
        #expect(forged.tracker.snapshot(at: Timestamp(nanoseconds: .max)).isRetryTagValid == false)
    }

    @Test func versionNegotiation() {
        var play = Play()
        play.show(QUICVectors.clientInitial, .fromClient, at: 0)
        play.show([UInt8](hex: "80 00000000 00 08 8394c8f03e515708 6b3343cf 1a2a3a4a"), .fromServer, at: 20)
        let quic = play.tracker.snapshot(at: Timestamp(nanoseconds: .max))
        #expect(quic.hasVersionNegotiation)
        #expect(quic.versionsOffered == ["2", "0x1a2a3a4a"])
        #expect(play.events.contains(.versionNegotiation(offered: ["2", "0x1a2a3a4a"])))
    }

    @Test func theSenderOfAnInitialIsTheClient() {
        var play = Play()
        play.show(QUICVectors.clientInitial, .fromServer, at: 0)
        #expect(play.seen.signals == [.clientIs(.fromServer)])
    }

    @Test func withoutKeysOnlyWhatIsVisible() {
        var play = Play()
        play.show(QUICVectors.clientInitial, .fromClient, at: 0)
        play.show(Self.serverInitial, .fromServer, at: 30)
        for index in 0..<20 {
            play.show([0x40 | UInt8(index & 1) << 5] + [UInt8](repeating: 9, count: 60), .fromClient, at: 40)
        }
        let quic = play.tracker.snapshot(at: Timestamp(nanoseconds: .max))
        #expect(quic.packets.oneRTT == 20)
        #expect(quic.client.lostPackets == nil)
        #expect(quic.client.ectPackets == 21)
        #expect(play.events.contains(.established(handshake: .milliseconds(40))))
    }

    @Test func cutsAndDamageAreSurvived() {
        var random = SeededRandom(seed: 9001)
        for _ in 0..<300 {
            var play = Play()
            for _ in 0..<6 {
                let sample = [QUICVectors.clientInitial, Self.serverInitial, Self.retry].randomElement(using: &random)
                let bytes = random.damaged(sample ?? [])
                let extra = Bool.random(using: &random) ? 0 : Int.random(in: 0...1500, using: &random)
                play.show(
                    bytes, Bool.random(using: &random) ? .fromClient : .fromServer,
                    at: Int64.random(in: -50...1000, using: &random), wireLength: bytes.count + extra)
            }
            let quic = play.tracker.snapshot(at: Timestamp(nanoseconds: .max))
            #expect(quic.packets.initial <= 12, "seed \(random.seed)")
        }
        for length in 0..<QUICVectors.clientInitial.count where length < 60 || length % 50 == 0 {
            var play = Play()
            play.show(Array(QUICVectors.clientInitial.prefix(length)), .fromClient, at: 0)
            play.show(Array(QUICVectors.clientInitial.prefix(length)), .fromClient, at: 0, wireLength: 1200)
            #expect(play.scratch.messages.isEmpty)
        }
    }
}
