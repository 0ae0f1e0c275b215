INSERT INTO `wp_users` VALUES
(1,'ada','$wp$2y$04$abcdefghijklmnopqrstuuvVcN26Qs/bgHTEy5wqn1LFLMIFXUq','ada','ada@example.com','','2025-01-01 00:00:00','',0,'Ada O''Neil')
