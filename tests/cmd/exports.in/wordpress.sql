-- MySQL dump 10.13
/*!40101 SET NAMES utf8mb4 */;
DROP TABLE IF EXISTS `wp_posts`;
INSERT INTO `wp_posts` VALUES (1,'INSERT INTO `wp_users` VALUES (9,''x'');','it\'s; fine'),(2,'b','c');
CREATE TABLE `wp_users` (
  `ID` bigint(20) unsigned NOT NULL AUTO_INCREMENT,
  `user_login` varchar(60) NOT NULL DEFAULT '',
  `user_pass` varchar(255) NOT NULL DEFAULT '',
  `user_nicename` varchar(50) NOT NULL DEFAULT '',
  `user_email` varchar(100) NOT NULL DEFAULT '',
  `user_url` varchar(100) NOT NULL DEFAULT '',
  `user_registered` datetime NOT NULL DEFAULT '0000-00-00 00:00:00',
  `user_activation_key` varchar(255) NOT NULL DEFAULT '',
  `user_status` int(11) NOT NULL DEFAULT 0,
  `display_name` varchar(250) NOT NULL DEFAULT '',
  PRIMARY KEY (`ID`),
  KEY `user_login_key` (`user_login`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
INSERT INTO `wp_users` VALUES (1,'ada','$wp$2y$04$abcdefghijklmnopqrstuuvVcN26Qs/bgHTEy5wqn1LFLMIFXUq','ada','ada@example.com','','2025-01-01 00:00:00','',0,'Ada O''Neil'),(2,'bob','$P$5abcdefghTirbPJao7vjX0d/TOtGeU/','bob','bob@example.com','','2025-01-01 00:00:00','',0,'Bob ''B'' (x)');
INSERT INTO `wp_users` VALUES
(3,'nora','','nora','nora@example.com','','2025-01-01 00:00:00','',0,'Nora');
INSERT INTO `wp_usermeta` VALUES (1,1,'nickname','ada');
