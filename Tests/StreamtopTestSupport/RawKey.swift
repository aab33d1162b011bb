// Calls of libcrypto through CRawCrypto. The proof: pointers are borrowed from live arrays for the length of the call, with their
// own counts; outputs are as long as what is written into them; the handle is owned here alone and freed once.
import CRawCrypto

/// One direction's key, used by libcrypto alone: seals what tests make up, opens what benchmarks compare with.
@safe
package struct RawKey: ~Copyable {
    private let handle: OpaquePointer?

    /// Keys from a traffic secret of 32 bytes: of QUIC, or of TLS 1.3.
    package init(secret: [UInt8], quic: Bool, sealing: Bool) {
        unsafe handle = rc_key_new(secret, quic, sealing)
    }

    /// Keys of DTLS 1.3, to seal with.
    package init(datagramSecret secret: [UInt8]) {
        unsafe handle = rc_key_new_dtls(secret)
    }

    deinit { unsafe rc_key_free(handle) }

    /// A QUIC packet; `header` ends in the packet number.
    package func sealPacket(_ header: [UInt8], numberLength: Int, number: Int, _ payload: [UInt8]) -> [UInt8] {
        unsafe [UInt8](unsafeUninitializedCapacity: header.count + payload.count + 16) { buffer, count in
            count = unsafe rc_quic_seal(
                handle, header, header.count, numberLength, UInt64(number), payload, payload.count, buffer.baseAddress)
        }
    }

    /// A TLS 1.3 record with its header; `content` ends in its type.
    package func sealRecord(_ content: [UInt8], number: Int) -> [UInt8] {
        unsafe [UInt8](unsafeUninitializedCapacity: content.count + 21) { buffer, count in
            count = unsafe rc_tls_seal(handle, UInt64(number), content, content.count, buffer.baseAddress)
        }
    }

    /// A DTLS 1.3 record in its unified form with 16 bits of number; `content` ends in its type.
    package func sealDatagram(_ content: [UInt8], epoch: UInt16, number: Int) -> [UInt8] {
        unsafe [UInt8](unsafeUninitializedCapacity: content.count + 21) { buffer, count in
            count = unsafe rc_dtls_seal(handle, epoch, UInt64(number), content, content.count, buffer.baseAddress)
        }
    }

    /// How many of the packets, which lie back to back and count from 0, open. `scratch` holds the largest.
    package func openPackets(_ packets: [UInt8], lengths: [UInt32], numberOffset: Int, scratch: inout [UInt8]) -> Int {
        unsafe rc_quic_open_all(handle, packets, lengths, lengths.count, numberOffset, &scratch)
    }

    /// How many of the records, which lie back to back and count from 0, open.
    package func openRecords(_ records: [UInt8], count: Int, scratch: inout [UInt8]) -> Int {
        unsafe rc_tls_open_all(handle, records, count, &scratch)
    }

    /// Opens a client's Initial `count` times, keys and all; returns how often it opened.
    package static func openInitial(
        _ packet: [UInt8], numberOffset: Int, destination: [UInt8], count: Int, scratch: inout [UInt8]
    ) -> Int {
        unsafe rc_initial_open_all(
            packet, packet.count, numberOffset, destination, destination.count, count, &scratch)
    }

    /// The secrets that Initials of version 1 are sealed with.
    package static func initialSecrets(destination: [UInt8]) -> (client: [UInt8], server: [UInt8]) {
        var client = [UInt8](repeating: 0, count: 32)
        var server = client
        unsafe rc_initial_secrets(destination, destination.count, &client, &server)
        return (client, server)
    }
}
