import StreamtopBase
import StreamtopTestSupport
import Testing

@testable import StreamtopCrypto

@Suite struct CertificateTests {
    /// Self-signed, made for this test with `openssl req -x509`.
    static let der = [UInt8](
        hex: """
            308201ee30820193a00302010202041234abcd300a06082a8648ce3d040302303031123010060355040a0c09c39c6ec3af63
            6f6465311a301806035504030c116c6976652e6578616d706c652e74657374301e170d3236313132333139353330345a170d
            3236313232333139353330345a303031123010060355040a0c09c39c6ec3af636f6465311a301806035504030c116c697665
            2e6578616d706c652e746573743059301306072a8648ce3d020106082a8648ce3d03010703420004b3916d0b698440668562
            5a239137573b2332835f8f8a7b2ee7c0dee01e48ec23b7c0ff13f33587193490cf1ff3417b8284661a93ba61f688de47b0fe
            d043df69a3819a308197301d0603551d0e04160414bdb2771d5c837d562b81b4fb5c73cff6385399e4301f0603551d230418
            30168014bdb2771d5c837d562b81b4fb5c73cff6385399e4300f0603551d130101ff040530030101ff30440603551d11043d
            303b82116c6976652e6578616d706c652e74657374820e2a2e6578616d706c652e746573748704c0000207871020010db800
            0000000000000000000007300a06082a8648ce3d0403020349003046022100d4cb0908068ef8faf74e6a59d2fbb914ef7bce
            ed776f7145034a956266ed6209022100f1afa43cd0ff64d9c70da437bc586440aab874895bfcd400ba00d875b11f8107
            """)

    @Test("Names, dates, key, serial and fingerprint, as `openssl x509` prints them")
    func facts() throws {
        let certificate = try #require(Certificate(der: Self.der))
        #expect(certificate.subject == "CN=live.example.test,O=Ünïcode")
        #expect(certificate.issuer == certificate.subject)
        #expect(certificate.names == ["live.example.test", "*.example.test", "192.0.2.7", "2001:db8::7"])
        #expect(certificate.notBefore == Timestamp(seconds: 1_795_463_584, nanoseconds: 0))
        #expect(certificate.notAfter == Timestamp(seconds: 1_798_055_584, nanoseconds: 0))
        #expect(certificate.key == "EC secp256r1")
        #expect(certificate.serial == "1234abcd")
        #expect(certificate.fingerprint.hasPrefix("09:e1:6d:38:bf:9b"))
    }

    @Test("Cut at every byte: no certificate, no trap")
    func truncation() {
        for length in 0..<Self.der.count { #expect(Certificate(der: Array(Self.der.prefix(length))) == nil) }
    }

    @Test("Every byte changed: readable or not, never a trap")
    func mutation() {
        for index in Self.der.indices {
            for change in [0x01, 0x80, 0xff] as [UInt8] {
                var mutant = Self.der
                mutant[index] ^= change
                if let certificate = Certificate(der: mutant) {
                    #expect(certificate.names.count <= Certificate.nameCapacity)
                }
            }
        }
    }
}
