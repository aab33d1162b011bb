/// The steps of a handshake; the raw value is the contract's word.
package enum HandshakeStepName: String, Sendable, CaseIterable {
    // TCP (RFC 9293 section 3.5)
    case tcpSyn = "tcp_syn"
    case tcpSynAck = "tcp_syn_ack"
    case tcpAck = "tcp_ack"
    // QUIC (RFC 9000 sections 17.2 and 19.20)
    case initial, retry
    case handshakeDone = "handshake_done"
    // Messages of TLS and DTLS (IANA "TLS HandshakeType")
    case helloRequest = "hello_request"
    case clientHello = "client_hello"
    case serverHello = "server_hello"
    case helloVerifyRequest = "hello_verify_request"
    case helloRetryRequest = "hello_retry_request"
    case newSessionTicket = "new_session_ticket"
    case endOfEarlyData = "end_of_early_data"
    case encryptedExtensions = "encrypted_extensions"
    case requestConnectionID = "request_connection_id"
    case newConnectionID = "new_connection_id"
    case certificate
    case serverKeyExchange = "server_key_exchange"
    case certificateRequest = "certificate_request"
    case serverHelloDone = "server_hello_done"
    case certificateVerify = "certificate_verify"
    case clientKeyExchange = "client_key_exchange"
    case finished
    case certificateURL = "certificate_url"
    case certificateStatus = "certificate_status"
    case keyUpdate = "key_update"
    case nextProtocol = "next_protocol"
    // Records of TLS
    case changeCipherSpec = "change_cipher_spec"
    case earlyData = "early_data"
    case firstApplicationData = "first_application_data"
}
