import StreamtopBase
import StreamtopCrypto
import StreamtopTestSupport
import StreamtopWire
import Testing

@testable import StreamtopTransport

@Suite struct QUICKeyTests {
    static let destination = QUICConnectionID(bytes: [UInt8](hex: "8394c8f03e515708"))

    /// RFC 9001 appendix A.1, RFC 9369 appendix A.1, and draft 29 (handbook, Initial keys).
    @Test(arguments: [
        (
            QUICVersion.v1, "c00cf151ca5be075ed0ebfb5c80323c42d6b7db67881289af4008f1f6c357aea",
            "3c199828fd139efd216c155ad844cc81fb82fa8d7446fa7d78be803acdda951b"
        ),
        (
            .v2, "14ec9d6eb9fd7af83bf5a668bc17a7e283766aade7ecd0891f70f9ff7f4bf47b",
            "0263db1782731bf4588e7e4d93b7463907cb8cd8200b5da55a8bd488eafc37c1"
        ),
        (
            .draft(29), "0088119288f1d866733ceeed15ff9d50902cf82952eee27e9d4d4918ea371d87",
            "006f881359244dd9ad1acf85f595bad67c13f9f5586f5e64e1acae1d9ea8f616"
        ),
    ])
    func initialSecrets(version: QUICVersion, client: String, server: String) throws {
        let secrets = try #require(QUICKeySchedule.initialSecrets(version, destination: Self.destination))
        #expect(secrets.client.hex == client)
        #expect(secrets.server.hex == server)
    }

    /// RFC 9001 appendix A.2: the whole client Initial, opened.
    @Test func clientInitial() throws {
        let packet = QUICVectors.clientInitial
        let secrets = try #require(QUICKeySchedule.initialSecrets(.v1, destination: Self.destination))
        var keys = try requireOwned(QUICPacketKeys(QUICKeySchedule(initialOf: .v1), secret: secrets.client))
        var buffers = QUICOpeningBuffers()
        let opened = keys.open(unsafe packet.span.bytes, numberOffset: 18, largest: nil, buffers: &buffers)
        #expect(opened == QUICOpenedPacket(number: 2, keyPhase: false, headerLength: 22))
        #expect(buffers.plainCount == 1162)
        #expect(Array(buffers.plain.prefix(8)).hex == "060040f1010000ed")
        // One flipped bit anywhere is noticed.
        for position in [0, 5, 20, 21, 600, 1199] {
            var damaged = packet
            damaged[position] ^= 4
            #expect(keys.open(unsafe damaged.span.bytes, numberOffset: 18, largest: nil, buffers: &buffers) == nil)
        }
        for length in [0, 17, 18, 22, 37, 38, 100] {
            let cut = Array(packet.prefix(length))
            #expect(keys.open(unsafe cut.span.bytes, numberOffset: 18, largest: nil, buffers: &buffers) == nil)
        }
    }

    /// RFC 9001 appendix A.3 and RFC 9369 appendix A.3: the server's answer.
    @Test(arguments: [
        (
            QUICVersion.v1,
            """
            cf000000010008f067a5502a4262b5004075c0d95a482cd0991cd25b0aac406a5816b6394100f37a1c69797554780bb38cc5a99f5e
            de4cf73c3ec2493a1839b3dbcba3f6ea46c5b7684df3548e7ddeb9c3bf9c73cc3f3bded74b562bfb19fb84022f8ef4cdd93795d77d
            06edbb7aaf2f58891850abbdca3d20398c276456cbc42158407dd074ee
            """
        ),
        (
            .v2,
            """
            dc6b3343cf0008f067a5502a4262b5004075d92faaf16f05d8a4398c47089698baeea26b91eb761d9b89237bbf87263017915358230
            035f7fd3945d88965cf17f9af6e16886c61bfc703106fbaf3cb4cfa52382dd16a393e42757507698075b2c984c707f0a0812d8cd5a6
            881eaf21ceda98f4bd23f6fe1a3e2c43edd9ce7ca84bed8521e2e140
            """
        ),
    ])
    func serverInitial(version: QUICVersion, hex: String) throws {
        let packet = [UInt8](hex: hex)
        let secrets = try #require(QUICKeySchedule.initialSecrets(version, destination: Self.destination))
        var keys = try requireOwned(QUICPacketKeys(QUICKeySchedule(initialOf: version), secret: secrets.server))
        var buffers = QUICOpeningBuffers()
        let opened = keys.open(unsafe packet.span.bytes, numberOffset: 18, largest: nil, buffers: &buffers)
        #expect(opened?.number == 1)
        #expect(Array(buffers.plain.prefix(9)).hex == "02000000000600405a")
    }

    /// RFC 9001 appendix A.4 and RFC 9369 appendix A.4.
    @Test(arguments: [
        (QUICVersion.v1, "ff000000010008f067a5502a4262b5746f6b656e04a265ba2eff4d829058fb3f0f2496ba"),
        (.v2, "cf6b3343cf0008f067a5502a4262b5746f6b656ec8646ce8bfe33952d955543665dcc7b6"),
    ])
    func retryTag(version: QUICVersion, hex: String) {
        let packet = [UInt8](hex: hex)
        let bytes = unsafe packet.span.bytes
        #expect(QUICRetryTag.isValid(bytes, version: version, original: Self.destination) == true)
        #expect(QUICRetryTag.isValid(bytes, version: version, original: QUICConnectionID(bytes: [1])) == false)
        #expect(QUICRetryTag.isValid(bytes, version: .draft(23), original: Self.destination) == nil)
        #expect(QUICRetryTag.isValid(bytes.extracting(0..<10), version: version, original: Self.destination) == nil)
    }

    /// RFC 9001 appendix A.5: a short header packet under ChaCha20-Poly1305, and the secret after an update.
    @Test func oneRTTPacketAndKeyUpdate() throws {
        let secret = [UInt8](hex: "9ac312a7f877468ebe69422748ad00a15443f18203a07d6060f688f30f21632b")
        let schedule = try #require(QUICKeySchedule(cipherSuite: 0x1303, version: .v1))
        #expect(
            schedule.nextSecret(secret).hex == "1223504755036d556342ee9361d253421a826c9ecdf3c7148684b36b714881f9")
        var keys = try requireOwned(QUICOneRTTKeys(schedule, secret: secret))
        var buffers = QUICOpeningBuffers()
        let packet = [UInt8](hex: "4cfe4189655e5cd55c41f69080575d7999c25a5bfb")
        let opened = keys.open(
            unsafe packet.span.bytes, numberOffset: 1, largest: 654_360_563, buffers: &buffers)
        #expect(opened?.number == 654_360_564)
        #expect(buffers.plain.prefix(buffers.plainCount) == [1])
        #expect(keys.updates == 0)
        // The same packet under the secret before: its phase bit says "not updated", so no key is changed for it.
        var others = try requireOwned(QUICOneRTTKeys(schedule, secret: schedule.nextSecret(secret)))
        #expect(others.open(unsafe packet.span.bytes, numberOffset: 1, largest: 654_360_563, buffers: &buffers) == nil)
        #expect(others.updates == 0)
    }
}
