import StreamtopBase
import StreamtopModel
import Testing

@testable import StreamtopEngine

@Suite struct PathBasesTests {
    private let client = IPAddress(v4: 0x0a00_0001)
    private let server = IPAddress(v4: 0xc000_0201)

    private func time(_ seconds: Int64) -> Timestamp { Timestamp(seconds: seconds, nanoseconds: 0) }
    private func bases(_ toClient: Int64?, _ toServer: Int64?) -> BothDirections<Nanoseconds?> {
        BothDirections(client: toClient.map { .milliseconds($0) }, server: toServer.map { .milliseconds($0) })
    }

    @Test func flowsLearnTheShortestFromEachOther() throws {
        var paths = PathBases()
        paths.note(bases(30, 1), changed: nil, client: client, server: server, at: time(1))
        paths.note(bases(80, 1), changed: nil, client: client, server: server, at: time(1))
        #expect(try #require(paths.bases(client: client, server: server)) == bases(30, 1))
        // The same hosts with their parts exchanged.
        #expect(try #require(paths.bases(client: server, server: client)) == bases(1, 30))
        #expect(paths.bases(client: client, server: IPAddress(v4: 0xc000_0202)) == nil)
    }

    /// A path that has changed since, and one that nobody has met for a minute, are no measure.
    @Test func oldPathsAreForgotten() throws {
        var paths = PathBases()
        paths.note(bases(30, 1), changed: nil, client: client, server: server, at: time(1))
        paths.note(bases(60, 1), changed: time(5), client: client, server: server, at: time(6))
        #expect(try #require(paths.bases(client: client, server: server)) == bases(60, 1))
        paths.note(bases(90, 2), changed: nil, client: client, server: server, at: time(7))
        #expect(try #require(paths.bases(client: client, server: server)) == bases(60, 1))
        paths.note(bases(90, 2), changed: nil, client: client, server: server, at: time(70))
        #expect(try #require(paths.bases(client: client, server: server)) == bases(90, 2))
    }

    @Test func theTableIsBounded() {
        var paths = PathBases()
        for index in 0..<UInt32(PathBases.capacity + 10) {
            paths.note(
                bases(30, 1), changed: nil, client: client, server: IPAddress(v4: 0xc000_0000 + index),
                at: time(Int64(index)))
        }
        #expect(paths.forgotten == 10)
        #expect(paths.bases(client: client, server: IPAddress(v4: 0xc000_0000)) == nil)
        #expect(paths.bases(client: client, server: IPAddress(v4: 0xc000_0000 + 500)) != nil)
    }
}
