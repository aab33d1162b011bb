import StreamtopBase
import StreamtopTestSupport
import Testing

@testable import StreamtopCrypto

@Suite struct SecretStoreTests {
    private let random = String(repeating: "0f", count: 32)
    private let secret = String(repeating: "a5", count: 48)

    private func key() throws -> HelloRandom { try #require(HelloRandom([UInt8](hex: random))) }

    @Test("Lines may be cut anywhere", arguments: [1, 2, 7, 64, 1000])
    func pieces(_ size: Int) throws {
        let text = Array(
            "# comment\r\nCLIENT_RANDOM \(random) \(secret)\r\nnonsense\nEXPORTER_SECRET \(random) \(secret)\n".utf8)
        var store = SecretStore()
        for start in stride(from: 0, to: text.count, by: size) {
            store.append(keyLogText: Array(text[start..<min(text.count, start + size)]))
        }
        #expect(store.count == 1)
        #expect(store.generation == 2)
        #expect(store.unreadableLines == 1)
        #expect(store[try key()]?[.master]?.hex == secret)
        #expect(store[try key()]?[.exporter]?.hex == secret)
        #expect(store[try key()]?[.clientTraffic] == nil)
    }

    @Test("A last line without a line feed counts when the text ends")
    func lastLine() throws {
        var store = SecretStore()
        store.append(keyLogText: Array("SERVER_TRAFFIC_SECRET_0 \(random) \(secret)".utf8))
        #expect(store.isEmpty)
        store.endOfText()
        #expect(store[try key()]?[.serverTraffic] != nil)
    }

    @Test(
        "Broken lines are counted and harmless",
        arguments: [
            "CLIENT_RANDOM 0f 0f", "CLIENT_RANDOM", "CLIENT_RANDOM \(String(repeating: "0g", count: 32)) aa",
            String(repeating: "x", count: 5000),
        ])
    func broken(_ line: String) throws {
        var store = SecretStore()
        store.append(keyLogText: Array((line + "\n").utf8))
        #expect(store.isEmpty)
        #expect(store.unreadableLines == 1)
        store.append(keyLogText: Array("CLIENT_RANDOM \(random) \(secret)\n".utf8))
        #expect(store.count == 1)
    }

    @Test("The oldest connection goes when the store is full")
    func capacity() throws {
        var store = SecretStore(capacity: 3)
        for number in 0..<5 as Range<UInt64> {
            store.insert([1], as: .master, for: HelloRandom(number, 0, 0, 0))
        }
        #expect(store.count == 3)
        #expect(store.evicted == 2)
        #expect(store[HelloRandom(1, 0, 0, 0)] == nil)
        #expect(store[HelloRandom(2, 0, 0, 0)] != nil)
    }

    @Test("Neither description nor mirror shows a secret")
    func discretion() throws {
        var store = SecretStore()
        store.insert([0xde, 0xad], as: .master, for: HelloRandom(1, 2, 3, 4))
        var dumped = ""
        dump(store, to: &dumped)
        dump(store[HelloRandom(1, 2, 3, 4)] as Any, to: &dumped)
        #expect(!dumped.contains("222") && !dumped.contains("173"))
    }
}
